// The program calls a workflow, so many times at once, and says what came of it: a line of JSON for each call.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"example.com/goservices/conductorgen"
)

func call(ctx context.Context, workflow, run string, input []byte) (any, error) {
	var options []conductorgen.Option
	if run != "" {
		options = append(options, conductorgen.WithRunID(run))
	}
	switch workflow {
	case "permit":
		var given conductorgen.PermitInput
		if err := json.Unmarshal(input, &given); err != nil {
			return nil, err
		}
		return conductorgen.Permit(ctx, given, options...)
	case "counting":
		return conductorgen.Counting(ctx, options...)
	case "counting_pooled":
		return conductorgen.CountingPooled(ctx, options...)
	case "counting_lent":
		return conductorgen.CountingLent(ctx, options...)
	case "counting_lent_by_pgx":
		return conductorgen.CountingLentByPgx(ctx, options...)
	case "counting_bare":
		return conductorgen.CountingBare(ctx, options...)
	case "putting":
		var given conductorgen.PuttingInput
		if err := json.Unmarshal(input, &given); err != nil {
			return nil, err
		}
		return conductorgen.Putting(ctx, given, options...)
	case "regretted":
		return nil, conductorgen.Regretted(ctx, options...)
	case "hitting":
		var given conductorgen.HittingInput
		if err := json.Unmarshal(input, &given); err != nil {
			return nil, err
		}
		return conductorgen.Hitting(ctx, given, options...)
	}
	return nil, errors.New("there is no workflow " + workflow)
}

func told(output any, err error) map[string]any {
	if err == nil {
		return map[string]any{"output": output}
	}
	told := map[string]any{"error": err.Error()}
	var remote *conductorgen.RemoteError
	if errors.As(err, &remote) {
		told["code"] = remote.Code()
	}
	return told
}

func main() {
	ctx := context.Background()
	times, err := strconv.Atoi(os.Args[4])
	if err != nil {
		panic(err)
	}
	lines := make([][]byte, times)
	var calls sync.WaitGroup
	for i := range lines {
		calls.Go(func() {
			lines[i], _ = json.Marshal(told(call(ctx, os.Args[1], os.Args[2], []byte(os.Args[3]))))
		})
	}
	calls.Wait()
	for _, line := range lines {
		fmt.Println(string(line))
	}
	if err := conductorgen.Close(ctx); err != nil {
		panic(err)
	}
}
