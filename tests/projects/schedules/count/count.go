package count

import (
	"context"
	"fmt"
)

// Count counts up to a limit.
func Count(ctx context.Context, limit int) (string, error) {
	return fmt.Sprintf("counted to %d", limit), nil
}
