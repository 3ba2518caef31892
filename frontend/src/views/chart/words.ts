/** What a badge of a candle means. */
export const CORRECTED = 'Corrected: a trade that came late or was rolled back changed this candle after it had closed'
export const PROVISIONAL = 'Provisional: the block time of one of its trades is still an estimate'
