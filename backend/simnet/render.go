package simnet

import (
	"encoding/base64"
	"slices"
	"strconv"
)

// The answers with much text are written by hand: a backfill asks for many of them.

func slotNotification(s slotNews, id uint64) []byte {
	b := append(make([]byte, 0, 160), `{"jsonrpc":"2.0","method":"slotNotification","params":{"result":{"parent":`...)
	b = strconv.AppendUint(b, uint64(s.parent), 10)
	b = strconv.AppendUint(append(b, `,"root":`...), uint64(s.root), 10)
	b = strconv.AppendUint(append(b, `,"slot":`...), uint64(s.slot), 10)
	b = strconv.AppendUint(append(b, `},"subscription":`...), id, 10)
	return append(b, "}}"...)
}

// logsNotification is the message up to the subscription's number.
func (n *Net) logsNotification(tx *transaction) []byte {
	b := append(make([]byte, 0, 4096), `{"jsonrpc":"2.0","method":"logsNotification","params":{"result":{"context":{"slot":`...)
	b = strconv.AppendUint(b, uint64(tx.slot), 10)
	b = appendBase58(append(b, `},"value":{"signature":"`...), tx.signature)
	b = appendErr(append(b, `","err":`...), tx)
	b = n.appendLogs(append(b, `,"logs":`...), tx)
	return append(b, `}},"subscription":`...)
}

func appendBase58[T interface{ AppendText([]byte) ([]byte, error) }](b []byte, value T) []byte {
	b, _ = value.AppendText(b) // never fails
	return b
}

const failure = `{"InstructionError":[2,{"Custom":6006}]}`

func appendErr(b []byte, tx *transaction) []byte {
	if tx.failed {
		return append(b, failure...)
	}
	return append(b, "null"...)
}

func appendStatus(b []byte, tx *transaction) []byte {
	if tx.failed {
		return append(append(append(b, `{"Err":`...), failure...), '}')
	}
	return append(b, `{"Ok":null}`...)
}

func (n *Net) appendLogs(b []byte, tx *transaction) []byte {
	lines, _ := n.scribe.write(tx)
	b = append(b, '[')
	for i, line := range lines {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, line)
	}
	return append(b, ']')
}

// appendTransaction is the result of getTransaction.
func (n *Net) appendTransaction(b []byte, tx *transaction) []byte {
	b = strconv.AppendInt(append(b, `{"blockTime":`...), tx.time, 10)
	b = appendErr(append(b, `,"meta":{"computeUnitsConsumed":48211,"err":`...), tx)
	b = appendInner(append(b, `,"fee":5000,"innerInstructions":`...), tx)
	b = n.appendLogs(append(b, `,"loadedAddresses":{"readonly":[],"writable":[]},"logMessages":`...), tx)
	b = append(b, `,"postBalances":[],"postTokenBalances":[],"preBalances":[],"preTokenBalances":[],"rewards":[],"status":`...)
	b = appendStatus(b, tx)
	b = strconv.AppendUint(append(b, `},"slot":`...), uint64(tx.slot), 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"transaction":["`...), n.wire(tx))
	b = append(b, `","base64"],"version":`...)
	return append(strconv.AppendUint(b, uint64(tx.version), 10), '}')
}

// wire is the least that looks like the transaction: one signature, a versioned message with its accounts and
// instructions without data.
func (n *Net) wire(tx *transaction) []byte {
	b := append(make([]byte, 0, 256), 1)
	b = append(b, tx.signature[:]...)
	b = append(b, 0x80|tx.version, 1, 0, 1)
	accounts := n.accounts(tx)
	b = append(b, byte(len(accounts)))
	for _, account := range accounts {
		b = append(b, account[:]...)
	}
	b = append(b, tx.signature[:32]...) // stands for a recent blockhash
	if tx.coin == nil {
		return append(b, 1, byte(len(accounts)-1), 2, 0, 1, 0, 0) // the market's program, with payer and mint
	}
	b = append(b, byte(len(tx.coin.Calls)))
	for i := range tx.coin.Calls {
		b = append(b, byte(slices.Index(accounts, tx.coin.Calls[i].Program)), 1, 0, 0)
	}
	return append(b, 0)
}

// appendSignature is one entry of getSignaturesForAddress.
func appendSignature(b []byte, tx *transaction, level commitment) []byte {
	b = strconv.AppendInt(append(b, `{"blockTime":`...), tx.time, 10)
	b = append(append(append(b, `,"confirmationStatus":"`...), level.String()...), `","err":`...)
	b = appendBase58(append(appendErr(b, tx), `,"memo":null,"signature":"`...), tx.signature)
	return append(strconv.AppendUint(append(b, `","slot":`...), uint64(tx.slot), 10), '}')
}

// appendString is a JSON string.
func appendString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(text) {
		c := text[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue // all text here is valid UTF-8
		}

		b = append(b, text[from:i]...)
		switch c {
		case '\n':
			b = append(b, `\n`...)
		case '"', '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}

		from = i + 1
	}

	return append(append(b, text[from:]...), '"')
}
