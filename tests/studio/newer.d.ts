// What browsers have and Debian's TypeScript (4.8) doesn't know yet, as far as the page uses it.

interface Array<T> {
  findLast(wanted: (value: T, index: number, all: T[]) => unknown): T | undefined;
  findLastIndex(wanted: (value: T, index: number, all: T[]) => unknown): number;
}

interface Element {
  checkVisibility(options?: { opacityProperty?: boolean; visibilityProperty?: boolean }): boolean;
}

interface CanvasRenderingContext2D {
  roundRect(x: number, y: number, width: number, height: number, radii?: number | number[]): void;
}

interface MIDIMessageEvent extends Event {
  readonly data: Uint8Array | null;
}

interface MIDIPort extends EventTarget {
  readonly id: string;
  readonly name: string | null;
  readonly state: "connected" | "disconnected";
}

interface MIDIInput extends MIDIPort {
  onmidimessage: ((event: MIDIMessageEvent) => void) | null;
}

interface MIDIOutput extends MIDIPort {
  send(data: Iterable<number>, timestamp?: number): void;
  clear?(): void;
}

interface MIDIAccess extends EventTarget {
  readonly inputs: ReadonlyMap<string, MIDIInput>;
  readonly outputs: ReadonlyMap<string, MIDIOutput>;
  onstatechange: ((event: Event) => void) | null;
}

interface Navigator {
  requestMIDIAccess(options?: { sysex?: boolean }): Promise<MIDIAccess>;
}
