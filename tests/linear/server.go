// A server that the test starts from a template, kills without warning and starts again on the same
// data.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	readyTimeout = 60 * time.Second
	readyPause   = 20 * time.Millisecond
)

type Server struct {
	words   []string
	url     string
	log     *os.File
	process *exec.Cmd
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// startServer runs `template` with {data} and {port} filled in.
func startServer(template, folder string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(folder, "server.log"))
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("{data}", filepath.Join(folder, "data"), "{port}", fmt.Sprint(port))
	s := &Server{
		words: strings.Fields(fill.Replace(template)),
		url:   fmt.Sprintf("http://127.0.0.1:%d", port),
		log:   log,
	}
	return s, s.start()
}

func (s *Server) start() error {
	s.process = exec.Command(s.words[0], s.words[1:]...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(readyTimeout); time.Now().Before(end); time.Sleep(readyPause) {
		answer, err := http.Get(s.url + "/readyz")
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == 200 {
			return nil
		}
	}
	return fmt.Errorf("the server is not ready after %v: see %s", readyTimeout, s.log.Name())
}

func (s *Server) kill() {
	s.process.Process.Signal(syscall.SIGKILL)
	s.process.Wait()
}

// restart kills the server without warning and starts it again.
func (s *Server) restart() error {
	s.kill()
	return s.start()
}
