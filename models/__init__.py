"""Models imagine: `compose` writes notes, `render` makes sound of them, `engine` serves both as one generator.

Knows the music vocabulary of `sessions.music` and the number libraries; never the network, roles, the log or the wall clock.
`work` holds the records that go in and out and is light; `engine` is heavy and lives in a process of its own.

    for output in Engine().work(Work("ana/1", parse_request({"style": "dubstep"})), cancelled=lambda: False): ...
"""
