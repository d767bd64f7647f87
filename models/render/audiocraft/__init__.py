"""audiocraft: MusicGen as its makers play it, in a process and a Python of its own, in the place of our runtime.

`worker` is that process, `engine` talks with it over a line that somebody else opens, `weights` says what it is to play and what
may be done with that, `stems` is the renderer. What is made is steered, held to the notes and certified as with our own runtime;
only the certificate says who played. README.md beside this file says how to make an environment for it.

    renderer = AudiocraftStems(Weights.of("/a/folder"), open_line, SampledStems(font))
"""
