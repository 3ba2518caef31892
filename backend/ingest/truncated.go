package ingest

import "spinscope/backend/market"

const causeTruncated = "log truncated: " // before the signature

// TruncatedIn is the transaction whose cut log left the hole; false for a hole of another cause.
func TruncatedIn(gap *market.Gap) (market.Signature, bool) {
	return gap.Transaction(causeTruncated)
}

// truncated records that a transaction's later events were lost: the cluster cuts logs at 10,000 bytes. The hole is one
// of the mint that all the events before the cut are about, if there is one.
func (in *Ingest) truncated(tx *market.Transaction, events []market.Event) {
	gap := market.Gap{From: tx.Slot, To: tx.Slot, Cause: causeTruncated + tx.Signature.String(), State: market.GapUnfillable}
	for i := range events {
		mint := events[i].Mint()
		if i > 0 && mint != gap.Mint {
			gap.Mint = market.Pubkey{}
			break
		}
		gap.Mint = mint
	}
	in.nextCommit.gaps = append(in.nextCommit.gaps, gap)
	in.window.cut[tx.Signature] = gap
	in.log.Warn("log truncated by the cluster; its later events are lost", "sig", tx.Signature, "slot", tx.Slot)
}

// untruncated closes the hole that a transaction left behind which is no longer at its place.
func (in *Ingest) untruncated(signature market.Signature) {
	if gap, ok := in.window.cut[signature]; ok {
		delete(in.window.cut, signature)
		gap.State = market.GapFilled
		in.nextCommit.gaps = append(in.nextCommit.gaps, gap)
	}
}
