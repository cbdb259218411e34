// Package lines serves the requests that come as lines of JSON on standard input; see foreign/program.ts.
package lines

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

type Record struct {
	Key       *string           `json:"key"`
	Value     *string           `json:"value"`
	Headers   map[string]string `json:"headers"`
	Partition int               `json:"partition"`
	Offset    int64             `json:"offset"`
}

// Request has the arguments of every operation; each uses a few.
type Request struct {
	ID              int               `json:"id"`
	Op              string            `json:"op"`
	Topic           string            `json:"topic"`
	Partitions      int               `json:"partitions"`
	Records         []Record          `json:"records"`
	Compression     string            `json:"compression"`
	Idempotent      bool              `json:"idempotent"`
	Count           int               `json:"count"`
	Committed       bool              `json:"committed"`
	GroupID         string            `json:"groupId"`
	Protocol        string            `json:"protocol"`
	TimestampMs     int64             `json:"timestampMs"`
	Configs         map[string]string `json:"configs"`
	Config          string            `json:"config"`
	Value           string            `json:"value"`
	Values          []string          `json:"values"`
	Handle          int               `json:"handle"`
	Outcome         string            `json:"outcome"`
	TransactionalID string            `json:"transactionalId"`
	From            string            `json:"from"`
	To              string            `json:"to"`
}

type Handlers map[string]func(Request) (any, error)

var (
	output sync.Mutex
	kept   sync.Map
	last   int
)

// Serve answers each request as soon as it is done, until the input ends.
func Serve(handlers Handlers) {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<26)
	for input.Scan() {
		var request Request
		if err := json.Unmarshal(input.Bytes(), &request); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go answer(request, handlers[request.Op])
	}
}

func answer(request Request, handle func(Request) (any, error)) {
	if handle == nil {
		say(map[string]any{"id": request.ID, "error": "there is no " + request.Op})
		return
	}
	result, err := handle(request)
	if err != nil {
		say(map[string]any{"id": request.ID, "error": err.Error()})
		return
	}
	say(map[string]any{"id": request.ID, "result": result})
}

// Tell says what a member of a group has read.
func Tell(member int, records []Record) {
	say(map[string]any{"member": member, "records": records})
}

// Keep gives a handle for what later requests speak of.
func Keep(value any) int {
	output.Lock()
	last++
	handle := last
	output.Unlock()
	kept.Store(handle, value)
	return handle
}

// Kept is what was kept under the handle.
func Kept[T any](handle int) (T, error) {
	value, _ := kept.Load(handle)
	typed, ok := value.(T)
	if !ok {
		return typed, fmt.Errorf("nothing of that kind is kept under %d", handle)
	}
	return typed, nil
}

// Text is the bytes' text, nil of none.
func Text(bytes []byte) *string {
	if bytes == nil {
		return nil
	}
	text := string(bytes)
	return &text
}

// Bytes are the text's, nil of none.
func Bytes(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

func say(line any) {
	output.Lock()
	defer output.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		os.Exit(1)
	}
}
