// A second opinion on checkpoints, with code that is not ours: golang.org/x/mod/sumdb/note and tlog.
//
//	verify_note open  VKEY NOTE           prints the text of the note if its signature holds
//	verify_note root  LEAVES              prints the RFC 6962 root (base64) of the leaves, one per line
//	verify_note place VKEY NOTE INDEX LEAF PROOF   checks an inclusion proof (hashes in base64, one per line)
//	verify_note make  NAME TEXT           prints a new vkey and a signed note
//	verify_note proof VKEY PROOF          checks a C2SP tlog-proof file and prints the entry
//	verify_note grows VKEY OLDNOTE SUBMISSION   checks that the submission (C2SP tlog-witness) continues OLDNOTE
//	verify_note seen  VKEY WITNESS NOTE   checks an Ed25519 cosignature (C2SP tlog-cosignature) and prints its time
//	verify_note cosign NAME NOTE          prints a new witness's vkey and its cosignature line over NOTE
//
// Arguments in capitals are files, but for VKEY, WITNESS, INDEX and NAME.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
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
	case "proof":
		proof(args)
	case "grows":
		grows(args)
	case "seen":
		seen(args)
	case "cosign":
		cosign(args)
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

func proof(args []string) {
	head, file, found := strings.Cut(read(args[1]), "\n\n")
	parts := strings.Split(head, "\n")
	extra, index := strings.TrimPrefix(parts[1], "extra "), strings.TrimPrefix(parts[2], "index ")
	if !found || parts[0] != "c2sp.org/tlog-proof@v1" {
		must(fmt.Errorf("not a proof"))
	}
	entry, err := base64.StdEncoding.DecodeString(extra)
	must(err)
	size, top := checkpoint(args[0], file)
	place, err := strconv.ParseInt(index, 10, 64)
	must(err)
	must(tlog.CheckRecord(hashes(parts[3:]), size, top, place, tlog.RecordHash(entry)))
	fmt.Print(string(entry))
}

func grows(args []string) {
	oldSize, oldTop := checkpoint(args[0], read(args[1]))
	head, file, _ := strings.Cut(read(args[2]), "\n\n")
	parts := strings.Split(head, "\n")
	size, top := checkpoint(args[0], file)
	if parts[0] != fmt.Sprintf("old %d", oldSize) {
		must(fmt.Errorf("not from there"))
	}
	must(tlog.CheckTree(tlog.TreeProof(hashes(parts[1:])), size, top, oldSize, oldTop))
	fmt.Println("continues")
}

// An Ed25519 witness for the note package: the signature's bytes are a time and a signature over a longer text.
type witness struct {
	name string
	id   uint32
	key  ed25519.PublicKey
	time uint64
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.id }
func (w *witness) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	w.time = binary.BigEndian.Uint64(sig)
	return ed25519.Verify(w.key, said(w.time, msg), sig[8:])
}

func said(at uint64, msg []byte) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", at)), msg...)
}

func keyID(name string, typed []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return binary.BigEndian.Uint32(sum[:])
}

func seen(args []string) {
	parts := strings.SplitN(args[1], "+", 3)
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if len(typed) != 33 || typed[0] != 4 || fmt.Sprintf("%08x", keyID(parts[0], typed)) != parts[1] {
		must(fmt.Errorf("not the key of an Ed25519 witness"))
	}
	w := &witness{parts[0], keyID(parts[0], typed), typed[1:], 0}
	verifier, err := note.NewVerifier(args[0])
	must(err)
	opened, err := note.Open([]byte(read(args[2])), note.VerifierList(verifier, w))
	must(err)
	for _, sig := range opened.Sigs {
		if sig.Hash == w.id {
			fmt.Println(w.time)
			return
		}
	}
	must(fmt.Errorf("not cosigned"))
}

func cosign(args []string) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	typed := append([]byte{4}, public...)
	id := keyID(args[0], typed)
	body, _, _ := strings.Cut(read(args[1]), "\n\n")
	data := binary.BigEndian.AppendUint32(nil, id)
	data = binary.BigEndian.AppendUint64(data, 1700000000)
	data = append(data, ed25519.Sign(private, said(1700000000, []byte(body+"\n")))...)
	fmt.Printf("%s+%08x+%s\n", args[0], id, base64.StdEncoding.EncodeToString(typed))
	fmt.Printf("\u2014 %s %s\n", args[0], base64.StdEncoding.EncodeToString(data))
}

func checkpoint(vkey, text string) (int64, tlog.Hash) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	must(err)
	body := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(body[1], 10, 64)
	must(err)
	return size, hash(body[2])
}

func hashes(lines []string) (found []tlog.Hash) {
	for _, line := range lines {
		found = append(found, hash(line))
	}
	return found
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
