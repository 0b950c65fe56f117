// Command worker carries runs on until it is told to stop.
package main

import (
	"context"
	"log"

	"example.com/restarts/conductorgen"
)

func main() {
	log.Fatal(conductorgen.Serve(context.Background()))
}
