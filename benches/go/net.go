package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

func listen() net.Listener {
	return must(net.Listen("tcp4", "127.0.0.1:0"))
}

// As in src/child/server.rs.
func announce(listener net.Listener) {
	show(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			show(map[string]float64{"cpu": float64(cpuTime()), "resident": residentBytes()})
		}
		os.Exit(0)
	}()
}

func serve(connection func(net.Conn)) {
	listener := listen()
	announce(listener)
	for {
		go connection(must(listener.Accept()))
	}
}

func answer(writer http.ResponseWriter, _ *http.Request) {
	io.WriteString(writer, "Hello, World!")
}

func serveHTTP1() {
	listener := listen()
	announce(listener)
	fail(http.Serve(listener, http.HandlerFunc(answer)).Error())
}

func serveHTTP2() {
	listener := listen()
	announce(listener)
	server := http.Server{Handler: http.HandlerFunc(answer), Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	fail(server.Serve(listener).Error())
}

func tcpEcho(settings Settings, bufferSize int) Sample {
	const connections, roundTrips = 64, 100
	listener := listen()
	go func() {
		for range connections {
			go echo(must(listener.Accept()), bufferSize)
		}
	}()
	clients := make([]net.Conn, connections)
	for at := range clients {
		clients[at] = must(net.Dial("tcp4", listener.Addr().String()))
	}
	return throughput(settings, connections*roundTrips, func() {
		var group sync.WaitGroup
		for _, client := range clients {
			group.Go(func() { exchange(client, roundTrips, bufferSize) })
		}
		group.Wait()
	})
}

func echo(connection net.Conn, bufferSize int) {
	buffer := make([]byte, bufferSize)
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

func exchange(connection net.Conn, roundTrips, bufferSize int) {
	message := make([]byte, 64)
	buffer := make([]byte, bufferSize)
	for range roundTrips {
		must(connection.Write(message))
		for missing := len(message); missing > 0; {
			missing -= must(connection.Read(buffer))
		}
	}
}
