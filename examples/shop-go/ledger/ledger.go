// Package ledger is the shop's books: a folder with one file for each payment and one line for each letter.
//
// It knows nothing of workflows. The folder comes from the environment variable SHOP_LEDGER.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

func folder() (string, error) {
	path := os.Getenv("SHOP_LEDGER")
	if path == "" {
		path = "ledger"
	}
	return path, os.MkdirAll(path, 0o755)
}

// Keep writes entry under name, unless something is there already; what is there then is read into entry.
func Keep(name string, entry any) (isNew bool, err error) {
	dir, err := folder()
	if err != nil {
		return false, err
	}
	path := filepath.Join(dir, url.PathEscape(name)+".json")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		text, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		return false, json.Unmarshal(text, entry)
	}
	if err != nil {
		return false, err
	}
	return true, errors.Join(json.NewEncoder(file).Encode(entry), file.Close())
}

// Log adds a line to the log name.
func Log(name, line string) error {
	dir, err := folder()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, line)
	return errors.Join(err, file.Close())
}
