"""The HTTP and WebSocket doors: one app, in files by subject.

`app` puts it together, `server` serves it (uvicorn), `guard` turns away strangers, `auth` reads tokens, `errors` answers
refusals, `ws` is the live door, and one file each holds the routes of sections, takes, the log, blobs and invites. None of
them decides who may do what: they ask the host, which asks `sessions`.

    server = HttpServer(create_app(house, static=folder, hosts=Hosts.bound_to("127.0.0.1")), "127.0.0.1", 0)
"""
