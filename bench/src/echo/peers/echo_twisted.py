"""An echo server of Twisted, on its epoll reactor: echo_twisted.py <tcp | unix:path>"""

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import protocol, reactor  # noqa: E402

from server_usage import answer_command, say_port, unix_path  # noqa: E402


class Echo(protocol.Protocol):
    def connectionMade(self):
        self.transport.registerProducer(_Pauses(self.transport), True)
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)

    def dataReceived(self, data):
        self.transport.write(data)

    def connectionLost(self, reason):
        self.transport.unregisterProducer()


class _Pauses:
    """Reads no more while the peer takes nothing."""

    def __init__(self, transport):
        self.pauseProducing = transport.pauseProducing
        self.resumeProducing = transport.resumeProducing
        self.stopProducing = transport.loseConnection


class _Commands:
    def fileno(self):
        return 0

    def doRead(self):
        answer_command()

    def connectionLost(self, reason):
        pass

    def logPrefix(self):
        return "commands"


factory = protocol.Factory.forProtocol(Echo)
path = unix_path()
if path is None:
    port = reactor.listenTCP(0, factory, backlog=4096, interface="127.0.0.1").getHost().port
else:
    reactor.listenUNIX(path, factory, backlog=4096)
    port = 0
reactor.addReader(_Commands())
say_port(port)
reactor.run()
