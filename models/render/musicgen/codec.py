"""EnCodec: sound to codes and back, and back while the codes still come.

Lives here: SEANet's encoder and decoder with their LSTMs, the residual vector quantiser, and a voice that plays codes as they
come, equal to playing them at once. Weight norm is folded when the weights are read. A stereo model codes left and right
apart, in codebooks that take turns. Always float32, for half of it is heard as noise; only what recurs in the LSTMs of a `small`
one is kept in whole numbers of 16 bits. Knows nothing of the language of codes.

    codec = Codec.read(checkpoint.tensors, checkpoint.codec, channels=1, device=torch.device("cpu"))
    voice = codec.voice()
    voice.push(codes[:, :25]), voice.push(codes[:, 25:], final=True)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.render.musicgen.checkpoint import CodecShape
from models.render.musicgen.layers import Chain, Conv, Elu, Layer, Lstm, Residual, UpConv
from models.render.musicgen.tensors import Tensors

__all__ = ["Codec", "Voice"]

NORMS = (  # of a folded weight: its length and its direction, as new and as old PyTorch names them
    ("conv.parametrizations.weight.original0", "conv.parametrizations.weight.original1"),
    ("conv.weight_g", "conv.weight_v"),
)


class Voice:
    """Plays one piece's codes as they come; what its layers look ahead is still to come."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._memory = codec.decoder.memory()

    @torch.inference_mode()
    def push(self, codes: Tensor, *, final: bool = False) -> Tensor:
        """Sound (channels, frames) that follows the last push's, from int64 codes (codebooks, frames)."""
        embedded = self._codec.embedded(codes)
        return self._codec.decoder.push(embedded, self._memory, final=final)[:, 0]


class Codec:
    """EnCodec with the weights of a checkpoint."""

    def __init__(self, shape: CodecShape, channels: int, encoder: Chain, decoder: Chain, books: Tensor) -> None:
        self.shape, self.channels = shape, channels
        self.encoder, self.decoder, self._books = encoder, decoder, books
        self.device = books.device

    @classmethod
    def read(
        cls, tensors: Tensors, shape: CodecShape, channels: int, device: torch.device, *, small: bool = False
    ) -> Codec:
        """Takes the codec's weights; the LSTMs of a `small` one, which is for a processor, are `CpuLstm`. Raises BadCheckpoint."""
        build = Builder(tensors, shape, device, small=small)
        books = [
            tensors.take(f"audio_encoder.quantizer.layers.{book}.codebook.embed", (shape.codebook_size, shape.width))
            for book in range(shape.used)
        ]
        return cls(shape, channels, build.encoder(), build.decoder(), torch.stack(books).to(device))

    def voice(self) -> Voice:
        """A voice for one piece."""
        return Voice(self)

    def decode(self, codes: Tensor) -> Tensor:
        """Sound (channels, frames) of int64 codes (codebooks, frames)."""
        return self.voice().push(codes, final=True)

    @torch.inference_mode()
    def encode(self, sound: Tensor) -> Tensor:
        """Int64 codes (codebooks, frames) of a sound (channels, frames) at the codec's rate."""
        residual = self.encoder.push(sound[:, None], self.encoder.memory(), final=True).transpose(1, 2)
        codes = []
        for book in self._books:
            distance = residual.pow(2).sum(-1, keepdim=True) - 2 * residual @ book.T + book.pow(2).sum(1)
            codes.append(distance.argmin(-1))
            residual = residual - book[codes[-1]]
        return torch.stack(codes).flatten(0, 1)

    def embedded(self, codes: Tensor) -> Tensor:
        """The quantiser's vectors (channels, width, frames)."""
        books = torch.arange(len(self._books), device=codes.device)[:, None, None]
        apart = codes.view(len(self._books), self.channels, -1)
        return self._books[books, apart].sum(0).transpose(1, 2)


class Numbered:
    """Layers in order; the published names number every one of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.all: list[Layer] = []

    @property
    def next(self) -> str:
        """The name of the layer that is added next."""
        return f"{self._name}.{len(self.all)}"

    def add(self, layer: Layer) -> None:
        self.all.append(layer)


class Builder:
    """Makes the two chains."""

    def __init__(self, tensors: Tensors, shape: CodecShape, device: torch.device, *, small: bool) -> None:
        self._tensors, self._shape, self._device, self._small = tensors, shape, device, small

    def encoder(self) -> Chain:
        shape, size = self._shape, self._shape.filters
        layers = Numbered("audio_encoder.encoder.layers")
        layers.add(self._conv(layers.next, 1, size, shape.kernel))
        for ratio in reversed(shape.ratios):
            for number in range(shape.blocks):
                layers.add(self._block(layers.next, size, shape.growth**number))
            layers.add(Elu())
            layers.add(self._conv(layers.next, size, 2 * size, 2 * ratio, ratio))
            size *= 2
        layers.add(self._lstm(layers.next, size))
        layers.add(Elu())
        layers.add(self._conv(layers.next, size, shape.width, shape.last))
        return Chain(layers.all)

    def decoder(self) -> Chain:
        shape = self._shape
        size = shape.filters << len(shape.ratios)
        layers = Numbered("audio_encoder.decoder.layers")
        layers.add(self._conv(layers.next, shape.width, size, shape.kernel))
        layers.add(self._lstm(layers.next, size))
        for ratio in shape.ratios:
            layers.add(Elu())
            layers.add(self._up(layers.next, size, size // 2, ratio))
            size //= 2
            for number in range(shape.blocks):
                layers.add(self._block(layers.next, size, shape.growth**number))
        layers.add(Elu())
        layers.add(self._conv(layers.next, size, 1, shape.last))
        return Chain(layers.all)

    def _conv(self, name: str, into: int, out: int, kernel: int, stride: int = 1, dilation: int = 1) -> Conv:
        around = (kernel - 1) * dilation + 1 - stride
        right = 0 if self._shape.causal else around // 2
        weight, bias = self._weight(name, (out, into, kernel)), self._take(f"{name}.conv.bias", out)
        return Conv(weight, bias, around - right, right, stride, dilation, self._shape.pad_mode)

    def _up(self, name: str, into: int, out: int, ratio: int) -> UpConv:
        right = math.ceil(ratio * self._shape.trim_right) if self._shape.causal else ratio // 2
        weight, bias = self._weight(name, (into, out, 2 * ratio)), self._take(f"{name}.conv.bias", out)
        return UpConv(weight, bias, ratio, ratio - right, right)

    def _block(self, name: str, size: int, dilation: int) -> Residual:
        shape, inner = self._shape, size // self._shape.compress
        wide = self._conv(f"{name}.block.1", size, inner, shape.residual, dilation=dilation)
        narrow = self._conv(f"{name}.block.3", inner, size, 1)
        beside = self._conv(f"{name}.shortcut", size, size, 1) if shape.shortcut else None
        return Residual(Chain([Elu(), wide, Elu(), narrow]), beside)

    def _lstm(self, name: str, size: int) -> Layer:
        if self._small:
            return self._small_lstm(f"{name}.lstm", size)
        lstm = nn.LSTM(size, size, self._shape.lstm_layers, device="meta").to_empty(device=self._device)
        for part, parameter in lstm.named_parameters():
            parameter.requires_grad_(False).copy_(self._tensors.take(f"{name}.lstm.{part}", tuple(parameter.shape)))
        lstm.flatten_parameters()  # in one piece, as a GPU wants them
        return Lstm(lstm)

    def _small_lstm(self, name: str, size: int) -> Layer:
        from models.render.musicgen.cpu.lstm import CpuLstm, Weights  # takes a second to import

        def layer(number: int) -> Weights:
            inward, hidden = (self._take(f"{name}.weight_{way}_l{number}", 4 * size, size) for way in ("ih", "hh"))
            bias, other = (self._take(f"{name}.bias_{way}_l{number}", 4 * size) for way in ("ih", "hh"))
            return Weights.packed(inward, hidden, bias + other)

        return CpuLstm([layer(number) for number in range(self._shape.lstm_layers)])

    def _weight(self, name: str, size: tuple[int, ...]) -> Tensor:
        for length, direction in NORMS:
            if f"{name}.{direction}" in self._tensors:
                long = self._take(f"{name}.{length}", size[0], 1, 1)
                toward = self._take(f"{name}.{direction}", *size)
                return torch.mul(toward, long / torch.linalg.vector_norm(toward, dim=(1, 2), keepdim=True))
        return self._take(f"{name}.conv.weight", *size)

    def _take(self, name: str, *size: int) -> Tensor:
        return self._tensors.take(name, size).to(self._device)
