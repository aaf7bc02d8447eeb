package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

func logs(c *client) (any, error) {
	tail, limit := int64(2), int64(3)
	read := func(options core.PodLogOptions) (string, error) {
		text, err := c.typed.CoreV1().Pods(c.namespace).GetLogs("five", &options).DoRaw(c.ctx)
		return string(text), err
	}
	whole, err := read(core.PodLogOptions{})
	if err != nil {
		return nil, err
	}
	end, err := read(core.PodLogOptions{TailLines: &tail})
	if err != nil {
		return nil, err
	}
	start, err := read(core.PodLogOptions{LimitBytes: &limit})
	if err != nil {
		return nil, err
	}
	return map[string]any{"whole": whole, "tail": end, "limit": start}, nil
}

func follow(c *client) (any, error) {
	stream, err := c.typed.CoreV1().Pods(c.namespace).GetLogs("ticker", &core.PodLogOptions{Follow: true}).Stream(c.ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var lines []string
	scanner := bufio.NewScanner(stream)
	for len(lines) < 3 && scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	return lines, scanner.Err()
}

func (c *client) at(pod, what string) *url.URL {
	return c.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(c.namespace).Name(pod).SubResource(what).URL()
}

func (c *client) execURL(options core.PodExecOptions, command ...string) *url.URL {
	options.Command = command
	return c.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(c.namespace).Name("box").SubResource("exec").
		VersionedParams(&options, scheme.ParameterCodec).URL()
}

var shout = []string{"sh", "-c", "echo out; echo err >&2; exit 3"}

func execWebSocket(c *client) (any, error) {
	executor, err := remotecommand.NewWebSocketExecutor(c.config, "GET", c.execURL(core.PodExecOptions{Stdout: true, Stderr: true}, shout...).String())
	return heard(c, executor, err)
}

func execSPDY(c *client) (any, error) {
	executor, err := remotecommand.NewSPDYExecutor(c.config, "POST", c.execURL(core.PodExecOptions{Stdout: true, Stderr: true}, shout...))
	return heard(c, executor, err)
}

func heard(c *client, executor remotecommand.Executor, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	var out, problems bytes.Buffer
	err = executor.StreamWithContext(c.ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &problems})
	var exit exec.CodeExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return map[string]any{"stdout": out.String(), "stderr": problems.String(), "code": exit.Code}, nil
}

// The way of kubectl: WebSocket first, SPDY where the server refuses that.
func (c *client) executor(target *url.URL) (remotecommand.Executor, error) {
	spdyExecutor, err := remotecommand.NewSPDYExecutor(c.config, "POST", target)
	if err != nil {
		return nil, err
	}
	webSocketExecutor, err := remotecommand.NewWebSocketExecutor(c.config, "GET", target.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(webSocketExecutor, spdyExecutor, httpstream.IsUpgradeFailure)
}

func execStdin(c *client) (any, error) {
	executor, err := c.executor(c.execURL(core.PodExecOptions{Stdin: true, Stdout: true}, "sh", "-c", "read word; echo got $word; wc -c"))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	typed := "typed\n" + strings.Repeat("x", 1_000_000)
	err = executor.StreamWithContext(c.ctx, remotecommand.StreamOptions{Stdin: strings.NewReader(typed), Stdout: &out})
	return strings.Fields(out.String()), err
}

type sizes struct {
	queue chan remotecommand.TerminalSize
}

func (s sizes) Next() *remotecommand.TerminalSize {
	size, ok := <-s.queue
	if !ok {
		return nil
	}
	return &size
}

func execTTY(c *client) (any, error) {
	executor, err := c.executor(c.execURL(core.PodExecOptions{Stdin: true, Stdout: true, TTY: true}, "sh"))
	if err != nil {
		return nil, err
	}
	queue := make(chan remotecommand.TerminalSize, 1)
	queue <- remotecommand.TerminalSize{Width: 123, Height: 45}
	keys, typing := io.Pipe()
	var out bytes.Buffer
	// The size goes its own way, and may come later than what is typed.
	go typing.Write([]byte("until stty size | grep -q 123; do sleep 0.1; done; stty size; exit 7\n"))
	err = executor.StreamWithContext(c.ctx, remotecommand.StreamOptions{Stdin: keys, Stdout: &out, Tty: true, TerminalSizeQueue: sizes{queue}})
	close(queue)
	var exit exec.CodeExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return map[string]any{"size": strings.Contains(out.String(), "45 123"), "code": exit.Code}, nil
}

func execMissing(c *client) (any, error) {
	executor, err := c.executor(c.execURL(core.PodExecOptions{Stdout: true}, "no-such-command"))
	if err != nil {
		return nil, err
	}
	err = executor.StreamWithContext(c.ctx, remotecommand.StreamOptions{Stdout: io.Discard})
	return fmt.Sprint(err), nil
}

func attach(c *client) (any, error) {
	target := c.at("parrot", "attach")
	target.RawQuery = "stdin=true&stdout=true"
	executor, err := c.executor(target)
	if err != nil {
		return nil, err
	}
	ctx, leave := context.WithCancel(c.ctx)
	defer leave()
	keys, typing := io.Pipe()
	screen, shown := io.Pipe()
	go executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: keys, Stdout: shown})
	go typing.Write([]byte("hello\n"))
	return bufio.NewReader(screen).ReadString('\n')
}

func copyBothWays(c *client) (any, error) {
	data := make([]byte, 5<<20)
	rand.Read(data)
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	if err := writer.WriteHeader(&tar.Header{Name: "copied", Mode: 0o644, Size: int64(len(data))}); err != nil {
		return nil, err
	}
	writer.Write(data)
	writer.Close()
	executor, err := c.executor(c.execURL(core.PodExecOptions{Stdin: true, Stdout: true, Stderr: true}, "tar", "xmf", "-", "-C", "/tmp"))
	if err != nil {
		return nil, err
	}
	if err = executor.StreamWithContext(c.ctx, remotecommand.StreamOptions{Stdin: &packed, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		return nil, err
	}
	executor, err = c.executor(c.execURL(core.PodExecOptions{Stdout: true, Stderr: true}, "tar", "cf", "-", "-C", "/tmp", "copied"))
	if err != nil {
		return nil, err
	}
	var back bytes.Buffer
	if err = executor.StreamWithContext(c.ctx, remotecommand.StreamOptions{Stdout: &back, Stderr: io.Discard}); err != nil {
		return nil, err
	}
	reader := tar.NewReader(&back)
	header, err := reader.Next()
	if err != nil {
		return nil, err
	}
	again, err := io.ReadAll(reader)
	return map[string]any{"name": header.Name, "same": bytes.Equal(again, data)}, err
}

func (c *client) webSocketDialer() (httpstream.Dialer, error) {
	return portforward.NewSPDYOverWebsocketDialer(c.at("box", "portforward"), c.config)
}

func (c *client) spdyDialer() (httpstream.Dialer, error) {
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	return spdy.NewDialer(upgrader, &http.Client{Transport: transport}, "POST", c.at("box", "portforward")), nil
}

func forwardWebSocket(c *client) (any, error) {
	dialer, err := c.webSocketDialer()
	return fetched(c, dialer, err)
}

func forwardSPDY(c *client) (any, error) {
	dialer, err := c.spdyDialer()
	return fetched(c, dialer, err)
}

// Opens port 80 of the box here, and fetches its page four times at once.
func fetched(c *client, dialer httpstream.Dialer, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	address, stop, _, err := forward(c, dialer, "0:80")
	if err != nil {
		return nil, err
	}
	defer stop()
	var all sync.WaitGroup
	pages := make([]bool, 4)
	for number := range pages {
		all.Go(func() {
			answer, err := http.Get(address)
			if err != nil {
				return
			}
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			pages[number] = err == nil && bytes.Contains(page, []byte("Welcome to nginx"))
		})
	}
	all.Wait()
	return pages, nil
}

func forward(c *client, dialer httpstream.Dialer, port string) (string, func(), *bytes.Buffer, error) {
	stop, ready, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var problems bytes.Buffer
	forwarder, err := portforward.New(dialer, []string{port}, stop, ready, io.Discard, &problems)
	if err != nil {
		return "", nil, nil, err
	}
	go func() { failed <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err = <-failed:
		return "", nil, nil, err
	case <-c.ctx.Done():
		return "", nil, nil, c.ctx.Err()
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return "", nil, nil, err
	}
	end := sync.OnceFunc(func() { close(stop) })
	return fmt.Sprintf("http://127.0.0.1:%d/", ports[0].Local), func() { end(); <-failed }, &problems, nil
}

func forwardRefused(c *client) (any, error) {
	dialer, err := c.webSocketDialer()
	if err != nil {
		return nil, err
	}
	address, stop, _, err := forward(c, dialer, "0:81")
	if err != nil {
		return nil, err
	}
	defer stop()
	_, err = http.Get(address)
	return err != nil, nil
}

func proxy(c *client) (any, error) {
	page, err := c.typed.CoreV1().Pods(c.namespace).ProxyGet("http", "box", "80", "/", nil).DoRaw(c.ctx)
	return strings.Contains(string(page), "Welcome to nginx"), err
}
