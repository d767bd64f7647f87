"""Render: notes become stems.

`soundfont` reads a file of samples, `voice` plays one note of it, `instruments` says who plays what in which style,
`sampler` plays a part, `room` puts it in a space, `mix` sets loudness and peaks so that the stems sum to the mix, `wav`
writes the bytes. Nothing here knows roles, the network, the log or the wall clock.

    stems = Sampler(Soundfont.load(bundled_path())).render(request, bars)
"""
