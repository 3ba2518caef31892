import {
  AreaSeries,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  PriceScaleMode,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { AlertLevel } from '../market/alert'
import type { Bar } from '../market/candle'
import type { GapMark } from '../market/gap'
import type { IndicatorName } from '../market/indicator'
import type { Happening, Position } from '../market/margin'
import { type Interval, seconds } from '../market/interval'
import type { Zone } from '../market/time'
import { AlertLines } from './alert-lines'
import { crossLabel, priceFormat, tickLabel } from './axis'
import { toCandle, toLine, toVolume } from './bars'
import { type Band, Bands } from './bands'
import { GapMarks } from './gap-marks'
import { validLocale } from './locale'
import { gather, type Mark, toMarker } from './marks'
import { follow, newest, type Span } from './span'
import { type Studied, Studies } from './studies'
import { type ChartTheme, readTheme } from './theme'

export interface ChartLook {
  kind: 'candles' | 'line' | 'area'
  volume: boolean
  log: boolean
  zone: Zone
  interval: Interval
}

export interface ChartHooks {
  /**
   * The crosshair stands over the bar of this time, level with this price; undefined when it left. `moved`: by the keyboard.
   */
  cross(time: number | undefined, price: number, moved?: boolean): void
  /** What lies under the pointer beside bars, and where in the chart, in CSS pixels. */
  point(found: Pointed | undefined): void
  /** The left end comes into sight: older bars are wanted. */
  older(): void
}

/** Something drawn on the chart that has a story to tell. */
export interface Pointed {
  x: number
  y: number
  gap?: GapMark | undefined
  band?: Band | undefined
  mark?: Mark | undefined
}

type Flag = 'corrected' | 'provisional'

const BAR_SPACING = 7
const MOST_SPACING = 80
const LEAST_SPACING = 0.4
const RIGHT_BARS = 8
/** Older bars are asked for when fewer than this are left of the window. */
const AHEAD = 120
const DAY = 86_400

/** The chart on its canvas. setData once per series, then one update per changed bar and frame. */
export class PriceChart {
  readonly #chart: IChartApi
  readonly #hooks: ChartHooks
  readonly #host: HTMLElement
  #theme: ChartTheme
  #look: ChartLook
  #main: ISeriesApi<SeriesType>
  #volume: ISeriesApi<'Histogram'>
  #marks: ISeriesMarkersPluginApi<Time>
  readonly #gaps: GapMarks
  readonly #studies: Studies
  readonly #bands: Bands
  readonly #alerts: AlertLines
  #levels: readonly AlertLevel[] = []
  /** The frame that puts the crosshair where goTo went. */
  #going = 0
  /** Time of the bar under the crosshair. */
  #crossed: number | undefined
  #told: { time: number | undefined; price: number } = { time: undefined, price: NaN }
  #positions: readonly Position[] = []
  #happenings: readonly Happening[] = []
  /** Happenings as marked, by the mark's id. */
  #marked = new Map<string, Mark>()
  #gapMarks: readonly GapMark[] = []
  #hasOlder = false
  #bars: Bar[] = []
  /** Which of them the canvas holds, and those themselves: its first bar is the library's bar 0. */
  #span: Span = { from: 0, to: 0 }
  #held: Bar[] = []
  #following = 0
  #dragging = false
  /** Bars that wear a mark, by time. */
  #flags = new Map<number, Flag>()

  constructor(host: HTMLElement, look: ChartLook, hooks: ChartHooks) {
    this.#host = host
    this.#hooks = hooks
    this.#look = look
    this.#theme = readTheme(host)
    this.#chart = createChart(host, {
      autoSize: true,
      localization: { locale: validLocale(navigator.languages ?? [navigator.language]) },
      layout: { attributionLogo: false, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: {
        borderVisible: false,
        scaleMargins: { top: 0.12, bottom: 0.24 },
        minimumWidth: 76,
        entireTextOnly: true,
      },
      timeScale: {
        borderVisible: false,
        barSpacing: BAR_SPACING,
        rightOffset: RIGHT_BARS,
        minBarSpacing: LEAST_SPACING,
      },
    })
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      priceLineVisible: false,
      lastValueVisible: false,
    })
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } })
    this.#studies = new Studies(this.#chart)
    this.#gaps = new GapMarks(this.#theme, () => ({
      bars: this.#held,
      length: seconds(this.#look.interval),
      hasOlder: this.#hasOlder || this.#span.from > 0,
      hasNewer: !this.#live,
    }))
    this.#bands = new Bands(this.#theme, (price) => this.#main.priceToCoordinate(price))
    for (const layer of [this.#gaps, this.#bands]) this.#chart.panes()[0]?.attachPrimitive(layer)
    this.#main = this.#addMain()
    this.#marks = createSeriesMarkers(this.#main)
    this.#alerts = new AlertLines(this.#main)
    this.#paint()
    this.#chart.subscribeCrosshairMove((move) => {
      const price = move.point && this.#main.coordinateToPrice(move.point.y)
      this.#crossed = move.time === undefined ? undefined : Number(move.time)
      this.#tell(this.#crossed, price ?? NaN)
      hooks.point(move.point && this.#pointed(move.point.x, move.point.y, String(move.hoveredObjectId)))
    })
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from + this.#span.from < AHEAD) this.#hooks.older()
      this.#follow()
    })
    host.addEventListener('pointerdown', this.#drag)
    addEventListener('pointerup', this.#drop)
    addEventListener('pointercancel', this.#drop)
  }

  /** Draws everything anew: another series (`reset`), or the same one with more or other bars. */
  rebuild(bars: Bar[], reset: boolean, hasOlder: boolean): void {
    const [first, final] = [this.#held[0]?.time, this.#held.at(-1)?.time]
    const live = this.#live
    this.#bars = bars
    this.#hasOlder = hasOlder
    const last = bars.at(-1)
    if (last) this.#main.applyOptions({ priceFormat: priceFormat(last.close) })
    if (reset || first === undefined || final === undefined) this.#span = newest(bars.length)
    else this.#span = { from: this.#before(first), to: live ? bars.length : this.#before(final + 1) }
    this.#studies.rebuild(this.#bars)
    this.#setData()
    if (reset) this.reset()
    else this.#follow()
  }

  /** Draws one bar: the newest, or (`late`) one before it. */
  update(bar: Bar, late: boolean): void {
    const known = this.#bars.findLastIndex(({ time }) => time <= bar.time)
    const place = this.#bars[known]?.time === bar.time ? known : known + 1
    const fresh = place === this.#bars.length
    const live = this.#live
    this.#bars[place] = bar
    if (fresh && live) this.#span.to++
    if (place >= this.#span.from && place < this.#span.to) {
      this.#held[place - this.#span.from] = bar
      this.#main.update(this.#look.kind === 'candles' ? toCandle(bar, this.#theme) : toLine(bar), late)
      this.#volume.update(toVolume(bar, this.#theme), late)
    }
    this.#studies.update(this.#bars, place, this.#span)
    if (fresh) this.#follow()
    if (!this.#isHeld(bar.time)) return
    const flag = this.#flagOf(bar)
    // A happening may be told before its candle.
    if (flag === this.#flags.get(bar.time) && !(fresh && this.#happenings.length > 0)) return
    if (flag) this.#flags.set(bar.time, flag)
    else this.#flags.delete(bar.time)
    this.#mark()
  }

  setLook(look: ChartLook): void {
    const other = look.kind !== this.#look.kind
    this.#look = look
    if (other) {
      this.#marks.detach()
      this.#chart.removeSeries(this.#main)
      this.#main = this.#addMain()
      this.#marks = createSeriesMarkers(this.#main)
      this.#alerts.move(this.#main, this.#theme)
      const last = this.#bars.at(-1)
      if (last) this.#main.applyOptions({ priceFormat: priceFormat(last.close) })
      this.#setData()
    }
    this.#paint()
  }

  /** Marks these holes, and no others. */
  setGaps(marks: readonly GapMark[]): void {
    this.#gapMarks = marks
    this.#gaps.set(marks, this.#theme)
  }

  /** Draws the liquidation ranges of these orders, and of no others. */
  setPositions(positions: readonly Position[]): void {
    if (positions.length + this.#positions.length === 0) return
    this.#positions = positions
    this.#bands.set(positions, this.#theme)
  }

  /** Marks these at their candles, and no others. */
  setHappenings(happenings: readonly Happening[]): void {
    if (happenings.length + this.#happenings.length === 0) return
    this.#happenings = happenings
    this.#mark()
  }

  /** Draws a line at the price of each of these, and of no others. */
  setAlerts(levels: readonly AlertLevel[]): void {
    if (levels.length + this.#levels.length === 0) return
    this.#levels = levels
    this.#alerts.set(levels, this.#theme)
  }

  /** The price at a height of the chart, in CSS pixels from its top; undefined outside the scale. */
  priceAt(y: number): number | undefined {
    const price = this.#main.coordinateToPrice(y)
    return price !== null && price > 0 ? price : undefined
  }

  /** Draws these indicators, and no others. */
  setStudies(studied: Studied): void {
    this.#studies.choose(studied, this.#bars, this.#span, this.#theme)
  }

  /** What the indicators say at the bar of this time. */
  studiesAt(time: number): Partial<Record<IndicatorName, number>> {
    return this.#studies.at(this.#placeOf(time))
  }

  /** Reads the page's colours again. */
  retheme(): void {
    this.#theme = readTheme(this.#host)
    this.#gaps.set(this.#gapMarks, this.#theme)
    this.#bands.set(this.#positions, this.#theme)
    this.#studies.paint(this.#theme)
    this.#alerts.set(this.#levels, this.#theme)
    this.#paint()
    this.#setData()
  }

  /** Puts the crosshair on the bar that holds this time, at its close when no price is given; undefined takes it away. */
  setCross(time: number | undefined, price = NaN): void {
    const place = time === undefined ? -1 : this.#before(time + 1) - 1
    const bar = this.#held[place - this.#span.from]
    // The library tells of pointers only.
    this.#crossed = bar?.time
    if (!bar) {
      this.#chart.clearCrosshairPosition()
      this.#tell(undefined, NaN)
      return
    }
    const level = Number.isFinite(price) ? price : bar.close
    this.#chart.setCrosshairPosition(level, bar.time as UTCTimestamp, this.#main)
    this.#tell(bar.time, level)
  }

  /** Moves the bar that holds this time to the middle and puts the crosshair on it; false when it is not loaded. */
  goTo(time: number): boolean {
    const place = this.#before(time + 1) - 1
    const range = this.#chart.timeScale().getVisibleLogicalRange()
    if (place < 0 || !range) return false
    const half = (range.to - range.from) / 2
    const wanted = follow(this.#span, { from: place - half, to: place + half }, this.#bars.length)
    if (wanted) this.#hold({ from: Math.floor(wanted.from), to: Math.ceil(wanted.to) })
    const middle = place - this.#span.from
    this.#chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half })
    // The library moves with the next frame, and tells nobody of a crosshair that was put somewhere.
    cancelAnimationFrame(this.#going)
    this.#going = requestAnimationFrame(() => {
      this.setCross(time)
      this.#tell(this.#bars[this.#before(time + 1) - 1]?.time, NaN)
    })
    return true
  }

  step(bars: number): void {
    const from = this.#crossed === undefined ? this.#bars.length - 1 - Math.sign(bars) : this.#before(this.#crossed)
    const place = Math.max(0, Math.min(this.#bars.length - 1, from + bars))
    const [time, range] = [this.#bars[place]?.time, this.#chart.timeScale().getVisibleLogicalRange()]
    if (time === undefined || !range) return
    const inSight = place - this.#span.from
    if (inSight < range.from || inSight > range.to) this.goTo(time)
    else this.setCross(time)
    this.#crossed = time
    this.#tell(time, this.#bars[place]?.close ?? NaN, true)
  }

  uncross(): void {
    cancelAnimationFrame(this.#going)
    this.setCross(undefined)
    this.#tell(undefined, NaN, true)
  }

  /** Wider or narrower bars; the right end stays. */
  zoom(factor: number): void {
    const scale = this.#chart.timeScale()
    const spacing = Math.min(MOST_SPACING, Math.max(LEAST_SPACING, scale.options().barSpacing * factor))
    scale.applyOptions({ barSpacing: spacing })
  }

  oldest(): void {
    const [first] = this.#bars
    if (first) this.goTo(first.time)
  }

  /** Shows every bar there is, or as many of the newest as the canvas has room for. */
  fit(): void {
    const room = Math.ceil(this.#host.clientWidth / LEAST_SPACING)
    this.#hold({ from: Math.max(0, this.#bars.length - room), to: this.#bars.length })
    this.#chart.timeScale().fitContent()
    this.#chart.priceScale('right').applyOptions({ autoScale: true })
  }

  /** Back to the newest bars at the usual width. */
  reset(): void {
    if (!this.#live) this.#hold(newest(this.#bars.length))
    this.#chart.timeScale().applyOptions({ barSpacing: BAR_SPACING, rightOffset: RIGHT_BARS })
    // At once: on the way an animation would ask for the bars it passes.
    this.#chart.timeScale().scrollToPosition(RIGHT_BARS, false)
    this.#chart.priceScale('right').applyOptions({ autoScale: true })
  }

  screenshot(): HTMLCanvasElement {
    return this.#chart.takeScreenshot(true, true)
  }

  destroy(): void {
    cancelAnimationFrame(this.#going)
    cancelAnimationFrame(this.#following)
    removeEventListener('pointerup', this.#drop)
    removeEventListener('pointercancel', this.#drop)
    this.#chart.remove()
  }

  /** Whether the newest bar is among those on the canvas. */
  get #live(): boolean {
    return this.#span.to === this.#bars.length
  }

  readonly #drag = (): void => {
    this.#dragging = true
  }

  readonly #drop = (): void => {
    this.#dragging = false
    this.#follow()
  }

  /** Sees to it, before the next frame, that the canvas holds the bars around those in sight. */
  #follow(): void {
    cancelAnimationFrame(this.#following)
    this.#following = requestAnimationFrame(() => {
      const range = this.#chart.timeScale().getVisibleLogicalRange()
      if (!range) return
      const { from, to } = this.#span
      const wanted = follow(
        this.#span,
        {
          from: Math.max(0, Math.floor(range.from) + from),
          to: Math.min(this.#bars.length, Math.ceil(range.to) + from),
        },
        this.#bars.length,
      )
      if (!wanted) return
      // While the person drags, the library reckons from the last bar it has: only the other end may move.
      if (this.#dragging) this.#hold({ from: Math.min(from, wanted.from), to })
      else this.#hold(wanted)
    })
  }

  /** Puts other bars on the canvas; what is in sight stays there. */
  #hold(span: Span): void {
    const moved = this.#span.from - span.from
    if (moved === 0 && span.to === this.#span.to) return
    const range = span.to === this.#span.to ? null : this.#chart.timeScale().getVisibleLogicalRange()
    this.#span = { ...span }
    this.#setData()
    if (!range) return // the library keeps what is in sight by its distance from the last bar
    const [from, to] = [range.from + moved, range.to + moved]
    this.#chart.timeScale().setVisibleLogicalRange({ from, to })
  }

  /** Tells where the crosshair is when that is news: the library says it again after every update. */
  #tell(time: number | undefined, price: number, moved = false): void {
    if (!moved && time === this.#told.time && Object.is(price, this.#told.price)) return
    this.#told = { time, price }
    this.#hooks.cross(time, price, moved)
  }

  #pointed(x: number, y: number, object: string): Pointed | undefined {
    const found = { gap: this.#gaps.at(x), band: this.#bands.at(x, y), mark: this.#marked.get(object) }
    return found.gap || found.band || found.mark ? { x, y, ...found } : undefined
  }

  #addMain(): ISeriesApi<SeriesType> {
    switch (this.#look.kind) {
      case 'line':
        return this.#chart.addSeries(LineSeries, { lineWidth: 2 })
      case 'area':
        return this.#chart.addSeries(AreaSeries, { lineWidth: 2 })
      default:
        return this.#chart.addSeries(CandlestickSeries, { borderVisible: true })
    }
  }

  #setData(): void {
    const candles = this.#look.kind === 'candles'
    this.#held = this.#bars.slice(this.#span.from, this.#span.to)
    // Of a part that ends in the past, the last price is not the last price.
    this.#main.applyOptions({ lastValueVisible: this.#live, priceLineVisible: this.#live })
    this.#main.setData(this.#held.map((bar) => (candles ? toCandle(bar, this.#theme) : toLine(bar))))
    this.#volume.setData(this.#held.map((bar) => toVolume(bar, this.#theme)))
    this.#studies.draw(this.#bars, this.#span)
    this.#flags.clear()
    for (const bar of this.#held) {
      const flag = this.#flagOf(bar)
      if (flag) this.#flags.set(bar.time, flag)
    }
    this.#mark()
  }

  /** A provisional candle shows it by its outline, a line has none. */
  #flagOf(bar: Bar): Flag | undefined {
    if (bar.corrected) return 'corrected'
    return bar.provisional && this.#look.kind !== 'candles' ? 'provisional' : undefined
  }

  /** Corrected bars wear a dot, provisional points of a line a small square. */
  #mark(): void {
    const markers: SeriesMarker<Time>[] = [...this.#flags].map(([time, flag]) => ({
      time: time as UTCTimestamp,
      position: flag === 'corrected' ? 'aboveBar' : 'inBar',
      shape: flag === 'corrected' ? 'circle' : 'square',
      color: this.#theme.caution,
      size: 0.5,
    }))
    this.#marked = gather(this.#happenings, seconds(this.#look.interval), (time) => this.#isHeld(time))
    for (const [id, mark] of this.#marked) markers.push(toMarker(id, mark, this.#theme))
    this.#marks.setMarkers(markers.sort((a, b) => Number(a.time) - Number(b.time)))
  }

  /** Index of the bar of this time, -1 when there is none. */
  #placeOf(time: number): number {
    const place = this.#before(time)
    return this.#bars[place]?.time === time ? place : -1
  }

  #isHeld(time: number): boolean {
    const place = this.#placeOf(time)
    return place >= this.#span.from && place < this.#span.to
  }

  /** How many bars begin before this time. */
  #before(time: number): number {
    let [low, high] = [0, this.#bars.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#bars[middle]?.time ?? Infinity) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  #paint(): void {
    const { zone, interval, log, volume, kind } = this.#look
    const theme = this.#theme
    this.#chart.applyOptions({
      layout: { background: { color: theme.background }, textColor: theme.text, fontFamily: theme.font },
      grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
      crosshair: {
        vertLine: { color: theme.cross, labelBackgroundColor: theme.label, style: LineStyle.Dashed },
        horzLine: { color: theme.cross, labelBackgroundColor: theme.label, style: LineStyle.Dashed },
      },
      rightPriceScale: { mode: log ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal },
      timeScale: {
        timeVisible: seconds(interval) < DAY,
        secondsVisible: seconds(interval) < 60,
        tickMarkFormatter: (time: Time, type: number) => tickLabel(time, type, seconds(interval) < DAY ? zone : 'utc'),
      },
      localization: { timeFormatter: (time: Time) => crossLabel(time, zone, seconds(interval) >= DAY) },
    })
    this.#main.applyOptions(
      kind === 'candles'
        ? {
            upColor: theme.up,
            downColor: theme.down,
            borderUpColor: theme.up,
            borderDownColor: theme.down,
            wickUpColor: theme.up,
            wickDownColor: theme.down,
          }
        : { color: theme.line, lineColor: theme.line, topColor: theme.areaTop, bottomColor: theme.areaBottom },
    )
    this.#volume.applyOptions({ visible: volume })
    this.#chart.priceScale('right').applyOptions({ scaleMargins: { top: 0.12, bottom: volume ? 0.24 : 0.08 } })
  }
}
