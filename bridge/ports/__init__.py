"""Where bytes come in and go out: sockets, disks, clocks. One third-party library a file."""
