// Command worker carries runs on until it is told to stop.
package main

import (
	"context"
	"log"

	"example.com/pauses/conductorgen"
)

func main() {
	log.Fatal(conductorgen.Serve(context.Background()))
}
