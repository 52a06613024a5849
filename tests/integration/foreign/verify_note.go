// A second opinion on checkpoints, with code that is not ours: golang.org/x/mod/sumdb/note and tlog.
//
//	verify_note open  VKEY NOTE           prints the text of the note if its signature holds
//	verify_note root  LEAVES              prints the RFC 6962 root (base64) of the leaves, one per line
//	verify_note place VKEY NOTE INDEX LEAF PROOF   checks an inclusion proof (hashes in base64, one per line)
//	verify_note make  NAME TEXT           prints a new vkey and a signed note
//
// Arguments in capitals are files, but for VKEY, INDEX and NAME.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	args := os.Args[2:]
	switch os.Args[1] {
	case "open":
		fmt.Print(open(args[0], args[1]))
	case "root":
		fmt.Println(base64.StdEncoding.EncodeToString(root(lines(args[0]))))
	case "place":
		place(args)
	case "make":
		skey, vkey, err := note.GenerateKey(rand.Reader, args[0])
		must(err)
		signer, err := note.NewSigner(skey)
		must(err)
		signed, err := note.Sign(&note.Note{Text: read(args[1])}, signer)
		must(err)
		fmt.Printf("%s\n%s", vkey, signed)
	}
}

func open(vkey, file string) string {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open([]byte(read(file)), note.VerifierList(verifier))
	must(err)
	return opened.Text
}

func place(args []string) {
	body := strings.Split(open(args[0], args[1]), "\n")
	size, err := strconv.ParseInt(body[1], 10, 64)
	must(err)
	index, err := strconv.ParseInt(args[2], 10, 64)
	must(err)
	var proof tlog.RecordProof
	for _, line := range lines(args[4]) {
		proof = append(proof, hash(line))
	}
	leaf := tlog.RecordHash([]byte(lines(args[3])[0]))
	must(tlog.CheckRecord(proof, size, hash(body[2]), index, leaf))
	fmt.Println("in place")
}

func root(leaves []string) []byte {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for number, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(number), []byte(leaf), reader)
		must(err)
		stored = append(stored, hashes...)
	}
	head, err := tlog.TreeHash(int64(len(leaves)), reader)
	must(err)
	return head[:]
}

func hash(text string) (h tlog.Hash) {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err)
	if copy(h[:], data) != 32 {
		must(fmt.Errorf("a hash is 32 bytes"))
	}
	return h
}

func lines(file string) []string {
	text := strings.TrimSuffix(read(file), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func read(file string) string {
	data, err := os.ReadFile(file)
	must(err)
	return string(data)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
