/**
 * The first locale that Intl takes. WebKitGTK under LANG=C calls its language "C", and the chart library throws while
 * painting when it is handed that.
 */
export function validLocale(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    try {
      const [locale] = Intl.DateTimeFormat.supportedLocalesOf(candidate)
      if (locale) return locale
    } catch {
      // Not a language tag.
    }
  }
  return 'en-GB'
}
