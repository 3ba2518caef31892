/**
 * Puts place `i` of an exponential mean of the values from place `first` on, begun by the plain mean of the first `period` of them;
 * NaN before. The usual weight of a value is 2/(period+1), Wilder's is 1/period.
 */
export function smooth(
  out: number[],
  value: (i: number) => number,
  i: number,
  { period, first = 0, weight = 2 / (period + 1) }: { period: number; first?: number; weight?: number },
): void {
  const at = first + period - 1
  if (i < at) {
    out[i] = NaN
    return
  }

  if (i === at) {
    let sum = 0
    for (let k = first; k <= at; k++) sum += value(k)
    out[i] = sum / period
    return
  }

  const before = out[i - 1] ?? NaN
  out[i] = before + weight * (value(i) - before)
}
