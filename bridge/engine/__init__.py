"""The engine's side of a session: a member like any other, in a process of its own.

`supervisor` runs in the server and keeps a child alive; `child` is that process; `client` joins sessions and works; `link` is
one connection, `orders` what is asked on it, `blobs` the HTTP beside it, `previews` what is heard of the work for now, `where` an
address and whom to trust there, `trouble` what to do when that does not work, `bench` the thread that imagines. Only `bench`
loads the models.
"""
