"""An echo server of asyncio protocols: echo_asyncio.py <tcp | unix:path> <asyncio | uvloop>"""

import asyncio
import sys

from server_usage import answer_command, say_port, unix_path


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def main():
    loop = asyncio.get_running_loop()
    path = unix_path()
    if path is None:
        server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096)
    else:
        server = await loop.create_unix_server(Echo, path, backlog=4096)
    loop.add_reader(0, answer_command)
    say_port(server.sockets[0].getsockname()[1] if path is None else 0)
    await server.serve_forever()


if sys.argv[2] == "uvloop":
    import uvloop

    loop = uvloop.new_event_loop()
else:
    loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(main())
