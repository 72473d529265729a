// An echo server in Go, a goroutine and a buffer for each connection: echo <tcp | unix:path>
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

func serve(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 64*1024)
	for {
		length, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:length]); err != nil {
			return
		}
	}
}

func accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go serve(connection)
	}
}

func main() {
	network, address := "tcp", "127.0.0.1:0"
	if path := strings.TrimPrefix(os.Args[1], "unix:"); path != os.Args[1] {
		network, address = "unix", path
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	port := 0
	if tcp, isTCP := listener.Addr().(*net.TCPAddr); isTCP {
		port = tcp.Port
	}
	fmt.Printf("port %d\n", port)
	go accept(listener)
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		var usage syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		fmt.Printf("cpu %d %d\n", usage.Utime.Nano()/1000, usage.Stime.Nano()/1000)
	}
}
