import {
  type CandlestickData,
  type Coordinate,
  createChart,
  createSeriesMarkers,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type LineData,
  type SeriesType,
  type Time,
} from 'lightweight-charts'
import type { AlertLevel } from '../market/alert'
import type { Bar } from '../market/candle'
import { HeikinAshi } from '../market/study/heikin'
import type { GapMark } from '../market/gap'
import type { Position } from '../market/margin'
import type { Mark } from '../market/mark'
import type { OwnLevel, OwnMark } from '../market/wallet'
import { seconds } from '../market/interval'
import { AlertLines } from './alert-lines'
import { PriceAxis } from './axis'
import { toCandle, toLine, toVolume } from './bars'
import { Bands } from './bands'
import { ChartBars } from './chart-bars'
import { Compared } from './compared'
import { Crosshair } from './crosshair'
import { type Flag, flagMarker, flagOf, wornFlag } from './flags'
import { GapMarks } from './gap-marks'
import { LastPrice } from './last-price'
import type { ChartHooks, ChartLook, Pointed } from './look'
import { MarkEdge } from './mark-edge'
import { toMarker } from './marks'
import type { OwnLines } from './own-lines'
import {
  addMain,
  BAR_SPACING,
  firstOptions,
  MIN_SPACING,
  lookOptions,
  mainOptions,
  MAX_SPACING,
  RIGHT_BARS,
} from './options'
import { asSharpAs, type Caption, captioned, SHARP } from './picture'
import { Plane } from './plane'
import type { VolumeProfile } from './profile'
import { follow, newest, type Span, stray } from './span'
import { type Studied, type StudyValues, Studies } from './studies'
import { type ChartTheme, readTheme } from './theme'
import { Watermark } from './watermark'

/** How near to a candle its flag is told, in CSS pixels: its dot stands above it. */
const NEAR_CANDLE = 24

/** Older bars are asked for when fewer than this are left of the window. */
const AHEAD = 120

/** Of the volume by price: rows from the lowest price in sight to the highest. */
const ROWS = 48

/** Above this many changed candles all are handed over anew. */
const FEW = 100

/** The chart on its canvas. setData once per series, then one update per changed bar and frame. */
export class PriceChart {
  readonly #chart: IChartApi
  readonly #hooks: ChartHooks
  readonly #host: HTMLElement
  readonly #axis = new PriceAxis()
  #theme: ChartTheme
  #look: ChartLook
  #main: ISeriesApi<SeriesType>
  #volume: ISeriesApi<'Histogram'>
  #marks: ISeriesMarkersPluginApi<Time>
  readonly #gaps: GapMarks
  readonly #studies: Studies
  /** Takes the candles of the coin that this one is compared with. */
  readonly compared = new Compared((time) => {
    const { all, span } = this.#bars
    if (all.length > 0) this.#studies.update(all, Math.max(0, this.#bars.before(time + 1) - 1), span, 'compare')
  })
  #studied: Studied = {}
  readonly #bands: Bands
  readonly #alerts: AlertLines
  #gone = false
  /** Loaded when there is something to draw. */
  #own: OwnLines | undefined
  #owned: [marks: readonly OwnMark[], levels: readonly OwnLevel[]] = [[], []]
  #levels: readonly AlertLevel[] = []
  /** The frame that puts the crosshair where goTo went. */
  #going = 0
  #zooming = 0
  /** What bars are to be as wide as from the next frame on. */
  #spacing: number | undefined
  readonly #cross: Crosshair
  #positions: readonly Position[] = []
  readonly #edge: MarkEdge
  /** Loaded when it is first wanted. */
  #profile: VolumeProfile | undefined
  readonly #watermark: Watermark
  readonly #last: LastPrice
  #happened: readonly Mark[] = []
  #markedFrom = -Infinity
  /** Those on the canvas, by the marker's id. */
  #marked = new Map<string, Mark>()
  #gapMarks: readonly GapMark[] = []
  #hasOlder = false
  readonly #bars = new ChartBars()
  readonly #heikin = new HeikinAshi()
  /** Where what others draw over the candles finds its place. */
  readonly plane: Plane
  #following = 0
  #dragging = false
  /** Bars that wear a mark, by time. */
  #flags = new Map<number, Flag>()

  constructor(host: HTMLElement, look: ChartLook, hooks: ChartHooks) {
    this.#host = host
    this.#hooks = hooks
    this.#look = look
    this.#theme = readTheme(host)
    this.#chart = createChart(host, firstOptions())
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      priceLineVisible: false,
      lastValueVisible: false,
    })
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } })
    this.#studies = new Studies(this.#chart, this.#axis)
    this.#studies.factor = look.factor
    this.#studies.outside = { compare: this.compared }
    this.#gaps = new GapMarks(
      this.#theme,
      () => ({
        bars: this.#bars.held,
        length: seconds(this.#look.interval),
        hasOlder: this.#hasOlder || this.#bars.span.from > 0,
        hasNewer: !this.#bars.live,
      }),
      (right) => hooks.begins(right),
    )
    this.#bands = new Bands(this.#theme, (price) => this.#toY(price))
    this.#edge = new MarkEdge(this.#theme, (time) => this.#bars.before(time) - this.#bars.span.from)
    this.#watermark = new Watermark(this.#theme)
    for (const layer of [this.#watermark, this.#gaps, this.#bands, this.#edge])
      this.#chart.panes()[0]?.attachPrimitive(layer)
    this.#main = addMain(this.#chart, this.#look.kind)
    this.#marks = createSeriesMarkers(this.#main)
    this.#alerts = new AlertLines(this.#main)
    this.#last = new LastPrice(this.#axis)
    this.#main.attachPrimitive(this.#last)
    this.#paint()
    this.plane = new Plane({
      chart: this.#chart,
      bars: this.#bars,
      axis: this.#axis,
      main: () => this.#main,
      factor: () => this.#look.factor,
      length: () => seconds(this.#look.interval),
      theme: () => this.#theme,
    })
    this.#cross = new Crosshair(
      this.#chart,
      () => this.#main,
      this.#bars,
      () => this.#look.factor,
      (time, price, moved) => hooks.cross(time, price, moved),
    )
    this.#chart.subscribeCrosshairMove((move) => {
      // Panes below the candles have heights of their own.
      const point = move.paneIndex === 0 ? move.point : undefined
      const price = point ? this.#toPrice(point.y) : NaN
      if (this.#cross.follow(move.time, move.sourceEvent !== undefined, price))
        hooks.point(point && this.#pointed(point.x, point.y, String(move.hoveredObjectId)))
    })
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from + this.#bars.span.from < AHEAD) this.#hooks.older()
      if (range) this.#stay(range)
      this.#follow()
      this.#hooks.ranged()
    })
    host.addEventListener('pointerdown', this.#drag)
    addEventListener('pointerup', this.#drop)
    addEventListener('pointercancel', this.#drop)
  }

  /** Draws everything anew: another series (`reset`), or the same one with more or other bars. */
  rebuild(bars: Bar[], reset: boolean, hasOlder: boolean): void {
    this.#bars.replace(bars, reset)
    this.#hasOlder = hasOlder
    this.#scale()
    this.#studies.rebuild(this.#bars.all)
    this.#setData()
    if (reset) this.reset()
    else this.#follow()
  }

  /** Draws one bar: the newest, or (`late`) one before it. */
  update(bar: Bar, late: boolean): void {
    const { place, fresh } = this.#bars.put(bar)
    if (place >= this.#bars.span.from && place < this.#bars.span.to) {
      this.#bars.held[place - this.#bars.span.from] = bar
      this.#drawMain(place, late)
      this.#volume.update(this.#toVolume(bar), late)
    }
    if (place === this.#bars.all.length - 1) this.#showLast()
    this.#studies.update(this.#bars.all, place, this.#bars.span)
    if (fresh) this.#follow()
    if (!this.#bars.isHeld(bar.time)) return
    const flag = wornFlag(bar, this.#look.kind)
    // What is marked may be told before its candle.
    if (flag === this.#flags.get(bar.time) && !(fresh && this.#happened.length > 0)) return
    if (flag) this.#flags.set(bar.time, flag)
    else this.#flags.delete(bar.time)
    this.#mark()
  }

  /** Draws the bar at a place; as Heikin-Ashi what follows it changes too. */
  #drawMain(place: number, late: boolean): void {
    const { all, span } = this.#bars
    const end = this.#look.smoothed ? span.to : place + 1
    if (this.#look.smoothed) this.#heikin.fill(all, place)
    if (end - place > FEW) {
      this.#main.setData(this.#bars.held.map((bar, i) => this.#toMain(bar, span.from + i)))
      return
    }
    for (let i = place; i < end; i++) {
      const bar = all[i]
      if (bar) this.#main.update(this.#toMain(bar, i), late || i < end - 1)
    }
  }

  setLook(look: ChartLook): void {
    const other = look.kind !== this.#look.kind
    const anew =
      look.smoothed !== this.#look.smoothed ||
      look.volumePaid !== this.#look.volumePaid ||
      look.volumeDelta !== this.#look.volumeDelta
    const grown = look.factor / this.#look.factor
    this.#look = look
    this.#studies.factor = look.factor
    if (other) {
      this.#marks.detach()
      this.#own?.leave()
      this.#chart.removeSeries(this.#main)
      this.#main = addMain(this.#chart, this.#look.kind)
      this.#marks = createSeriesMarkers(this.#main)
      this.#alerts.move(this.#main, this.#theme)
      this.#own?.move(this.#main, this.#theme, look.factor)
      this.#main.attachPrimitive(this.#last)
    }
    if (grown !== 1) {
      this.#alerts.set(this.#levels, this.#theme, look.factor)
      this.#own?.again(this.#theme, look.factor)
      this.#grow(grown)
    }
    if (other || anew || grown !== 1) {
      this.#scale()
      this.#setData()
    }
    this.#paint()
  }

  /** Fits the axis to prices of the size of the last one. */
  #scale(): void {
    const last = this.#bars.all.at(-1)
    if (last) this.#main.applyOptions({ priceFormat: this.#axis.format(last.close * this.#look.factor) })
  }

  /** Prices are drawn at so many times what they were drawn at before: a range that was chosen by hand stays over the same bars. */
  #grow(times: number): void {
    const prices = this.#chart.priceScale('right')
    // In percent they are as far from each other as before.
    const range = prices.options().autoScale || this.#look.percent ? null : prices.getVisibleRange()
    if (range) prices.setVisibleRange({ from: range.from * times, to: range.to * times })
  }

  #toMain(bar: Bar, place: number): CandlestickData | LineData {
    const { kind, factor, smoothed } = this.#look
    if (kind !== 'candles') return toLine(bar, factor)
    return toCandle(smoothed ? { ...bar, ...this.#heikin.at(place) } : bar, this.#theme, factor)
  }

  #toVolume(bar: Bar): HistogramData {
    return toVolume(bar, this.#theme, this.#look.volumePaid, this.#look.volumeDelta)
  }

  /** Where a price is, in CSS pixels from the top. */
  #toY(price: number): Coordinate | null {
    return this.#main.priceToCoordinate(price * this.#look.factor)
  }

  /** The price at a height; NaN outside the scale. */
  #toPrice(y: number): number {
    return (this.#main.coordinateToPrice(y) ?? NaN) / this.#look.factor
  }

  /** Marks these gaps, and no others. */
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

  /** Marks these at their candles, and no others; bars that begin before `from` are not marked whole. */
  setMarks(marks: readonly Mark[], from: number): void {
    if (from !== this.#markedFrom) this.#edge.set(Number.isFinite(from) ? [from] : [], this.#theme)
    this.#markedFrom = from
    if (marks.length + this.#happened.length === 0) return
    this.#happened = marks
    this.#mark()
  }

  /** Draws a line at the price of each of these, and of no others. */
  setAlerts(levels: readonly AlertLevel[]): void {
    if (levels.length + this.#levels.length === 0) return
    this.#levels = levels
    this.#alerts.set(levels, this.#theme, this.#look.factor)
  }

  /** Draws what the person's own wallets did and hold, and nothing else of theirs. */
  setOwn(marks: readonly OwnMark[], levels: readonly OwnLevel[]): void {
    this.#owned = [marks, levels]
    if (this.#own) this.#drawOwn(this.#own)
    else if (marks.length + levels.length > 0)
      void import('./own-lines').then(({ OwnLines }) => {
        if (!this.#gone) this.#drawOwn((this.#own ??= new OwnLines(this.#main)))
      })
  }

  #drawOwn(own: OwnLines): void {
    own.set(...this.#owned, this.#theme, this.#look.factor, (time) => this.#bars.isHeld(time))
  }

  /** The price at a height of the chart, in CSS pixels from its top; undefined outside the scale. */
  priceAt(y: number): number | undefined {
    if (y > this.#chart.paneSize(0).height) return undefined
    const price = this.#toPrice(y)
    return price > 0 ? price : undefined
  }

  /** Draws these indicators, and no others. */
  setStudies(studied: Studied): void {
    this.#studied = studied
    this.#studies.choose(studied, this.#bars.all, this.#bars.span, this.#theme)
    if (studied.profile && !this.#profile)
      void import('./profile').then(({ VolumeProfile }) => {
        if (!this.#gone && !this.#profile) this.#addProfile(VolumeProfile)
      })
    this.#showProfile()
  }

  #addProfile(Profile: typeof VolumeProfile): void {
    const inSight = () => {
      const { from = 0, to = -1 } = this.#chart.timeScale().getVisibleLogicalRange() ?? {}
      return this.#bars.held.slice(Math.max(0, Math.ceil(from)), Math.floor(to) + 1)
    }
    this.#profile = new Profile(
      this.#theme,
      () => ({ bars: inSight(), log: this.#look.log && !this.#look.percent }),
      (price) => this.#toY(price),
      () => this.#hooks.sighted(),
    )
    this.#chart.panes()[0]?.attachPrimitive(this.#profile)
    this.#showProfile()
  }

  #showProfile(): void {
    this.#profile?.set(this.#studied.profile ? [ROWS] : [], this.#theme)
  }

  /** What the indicators say at the bar of this time; the volume by price is that of all bars in sight. */
  studiesAt(time: number): StudyValues {
    const profile = this.#studied.profile && { profile: [this.#profile?.most ?? NaN] }
    return { ...this.#studies.at(this.#bars.placeOf(time)), ...profile }
  }

  /** Reads the page's colours again. */
  retheme(): void {
    this.#theme = readTheme(this.#host)
    this.#gaps.set(this.#gapMarks, this.#theme)
    this.#bands.set(this.#positions, this.#theme)
    this.#studies.paint(this.#theme)
    this.#showProfile()
    this.#alerts.set(this.#levels, this.#theme)
    this.#own?.again(this.#theme, this.#look.factor)
    this.#edge.set(Number.isFinite(this.#markedFrom) ? [this.#markedFrom] : [], this.#theme)
    this.#paint()
    this.#setData()
  }

  /** Puts the crosshair on the bar that holds this time, at its close when no price is given; undefined takes it away. */
  setCross(time: number | undefined, price = NaN): void {
    this.#cross.put(time, price)
  }

  /** Moves the bar that holds this time to the middle and puts the crosshair on it; false when it is not loaded. */
  goTo(time: number): boolean {
    const place = this.#bars.before(time + 1) - 1
    const range = this.#chart.timeScale().getVisibleLogicalRange()
    if (place < 0 || !range) return false
    const half = (range.to - range.from) / 2
    const wanted = follow(this.#bars.span, { from: place - half, to: place + half }, this.#bars.all.length)
    if (wanted) this.#hold({ from: Math.floor(wanted.from), to: Math.ceil(wanted.to) })
    const middle = place - this.#bars.span.from
    this.#chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half })
    // The library moves with the next frame, and tells nobody of a crosshair that was put somewhere.
    cancelAnimationFrame(this.#going)
    this.#going = requestAnimationFrame(() => {
      this.setCross(time)
      this.#cross.tell(this.#bars.all[this.#bars.before(time + 1) - 1]?.time, NaN)
    })
    return true
  }

  show(from: number, to: number): boolean {
    const [first, end] = [this.#bars.before(from), this.#bars.before(to)]
    if (first === end) return false
    const wanted = follow(this.#bars.span, { from: first, to: end }, this.#bars.all.length)
    if (wanted) this.#hold(wanted)
    // As wide as half a bar more at each side: those at the edges are seen whole.
    const { from: before } = this.#bars.span
    this.#chart.timeScale().setVisibleLogicalRange({ from: first - before - 0.5, to: end - before - 0.5 })
    return true
  }

  step(bars: number): void {
    const from =
      this.#cross.at === undefined ? this.#bars.all.length - 1 - Math.sign(bars) : this.#bars.before(this.#cross.at)
    const place = Math.max(0, Math.min(this.#bars.all.length - 1, from + bars))
    const [time, range] = [this.#bars.all[place]?.time, this.#chart.timeScale().getVisibleLogicalRange()]
    if (time === undefined || !range) return
    const inSight = place - this.#bars.span.from
    if (inSight < range.from || inSight > range.to) this.goTo(time)
    else this.setCross(time)
    this.#cross.at = time
    this.#cross.tell(time, this.#bars.all[place]?.close ?? NaN, true)
  }

  uncross(): void {
    cancelAnimationFrame(this.#going)
    this.setCross(undefined)
    this.#cross.tell(undefined, NaN, true)
  }

  /** Wider or narrower bars; the right end stays. */
  zoom(factor: number): void {
    const scale = this.#chart.timeScale()
    // The library takes a spacing over with the next frame, and keys may come faster.
    this.#spacing = Math.min(MAX_SPACING, Math.max(MIN_SPACING, (this.#spacing ?? this.barSpacing) * factor))
    scale.applyOptions({ barSpacing: this.#spacing })
    cancelAnimationFrame(this.#zooming)
    this.#zooming = requestAnimationFrame(() => (this.#spacing = undefined))
  }

  oldest(): void {
    const [first] = this.#bars.all
    if (first) this.goTo(first.time)
  }

  /** Shows every bar there is, or as many of the newest as the canvas has room for. */
  fit(): void {
    const room = Math.ceil(this.#host.clientWidth / MIN_SPACING)
    this.#hold({ from: Math.max(0, this.#bars.all.length - room), to: this.#bars.all.length })
    this.#chart.timeScale().fitContent()
    this.#chart.priceScale('right').applyOptions({ autoScale: true })
  }

  /** Back to the newest bars at the usual width. */
  reset(): void {
    if (!this.#bars.live) this.#hold(newest(this.#bars.all.length), false)
    this.#chart.timeScale().applyOptions({ barSpacing: BAR_SPACING, rightOffset: RIGHT_BARS })
    // At once: on the way an animation would ask for the bars it passes.
    this.#chart.timeScale().scrollToPosition(RIGHT_BARS, false)
    this.#chart.priceScale('right').applyOptions({ autoScale: true })
  }

  /** The last price as its label at the axis says it, drawn last; empty while there is none. */
  get lastLabel(): string {
    return this.#last.label
  }

  heightOf(price: number): number {
    return this.plane.y(price)
  }

  /** From one bar to the next, in CSS pixels. */
  get barSpacing(): number {
    return this.#chart.timeScale().options().barSpacing
  }

  /** The bars in sight: when the first begins and the last ends, Unix seconds; undefined while there are none. */
  get range(): { from: number; to: number } | undefined {
    const sight = this.#chart.timeScale().getVisibleLogicalRange()
    if (!sight) return undefined
    const first = this.#bars.held[Math.max(0, Math.ceil(sight.from))]
    const last = this.#bars.held[Math.min(this.#bars.held.length - 1, Math.floor(sight.to))]
    return first && last && { from: first.time, to: last.time + seconds(this.#look.interval) }
  }

  /** The chart as a picture with a caption, at least twice as sharp as CSS pixels, without the crosshair. */
  picture(caption: Caption): HTMLCanvasElement {
    const width = this.#host.clientWidth
    if (devicePixelRatio >= SHARP)
      return captioned(this.#chart.takeScreenshot(true, false), width, caption, this.#theme)
    return captioned(
      asSharpAs(SHARP, () => this.#twin()),
      width,
      caption,
      this.#theme,
    )
  }

  /** What a second chart draws that shows the same, at the sharpness of this moment. */
  #twin(): HTMLCanvasElement {
    const host = document.createElement('div')
    host.style.cssText = `position:fixed;left:-20000px;top:0;width:${this.#host.clientWidth}px;height:${this.#host.clientHeight}px`
    document.body.append(host)
    const none = () => undefined
    const twin = new PriceChart(host, this.#look, {
      cross: none,
      point: none,
      older: none,
      begins: none,
      sighted: none,
      ranged: none,
    })
    try {
      twin.#bars.all = this.#bars.all
      twin.#bars.span = { ...this.#bars.span }
      twin.#hasOlder = this.#hasOlder
      twin.#scale()
      twin.#studies.outside = this.#studies.outside
      if (this.#profile) twin.#addProfile(this.#profile.constructor as typeof VolumeProfile)
      twin.setStudies(this.#studied)
      twin.#setData()
      twin.setGaps(this.#gapMarks)
      twin.setPositions(this.#positions)
      twin.setMarks(this.#happened, this.#markedFrom)
      twin.setAlerts(this.#levels)
      twin.#owned = this.#owned
      if (this.#own) twin.#drawOwn((twin.#own = this.#own.like(twin.#main)))
      for (const overlay of this.plane.overlays) twin.plane.attach(overlay.on(twin.plane))

      const sight = this.#chart.timeScale().getVisibleLogicalRange()
      if (sight) twin.#chart.timeScale().setVisibleLogicalRange(sight)
      const prices = this.#chart.priceScale('right')
      const range = prices.options().autoScale ? null : prices.getVisibleRange()
      if (range) twin.#chart.priceScale('right').setVisibleRange(range)
      return twin.#chart.takeScreenshot(true, false)
    } finally {
      twin.destroy()
      host.remove()
    }
  }

  destroy(): void {
    this.#gone = true
    cancelAnimationFrame(this.#going)
    cancelAnimationFrame(this.#following)
    cancelAnimationFrame(this.#zooming)
    removeEventListener('pointerup', this.#drop)
    removeEventListener('pointercancel', this.#drop)
    this.#chart.remove()
  }

  readonly #drag = (): void => {
    this.#dragging = true
  }

  readonly #drop = (): void => {
    this.#dragging = false
    this.#follow()
  }

  /** Leads back, before anything is drawn, from where there are no bars. The library alone stops at two of them. */
  #stay(range: Span): void {
    const moved = stray(range, this.#bars.held.length)
    if (moved === 0) return
    const scale = this.#chart.timeScale()
    scale.scrollToPosition(scale.scrollPosition() + moved, false)
  }

  /** Sees to it, before the next frame, that the canvas holds the bars around those in sight. */
  #follow(): void {
    cancelAnimationFrame(this.#following)
    this.#following = requestAnimationFrame(() => {
      const range = this.#chart.timeScale().getVisibleLogicalRange()
      if (!range) return
      const { from, to } = this.#bars.span
      const wanted = follow(
        this.#bars.span,
        {
          from: Math.max(0, Math.floor(range.from) + from),
          to: Math.min(this.#bars.all.length, Math.ceil(range.to) + from),
        },
        this.#bars.all.length,
      )
      if (!wanted) return
      // While the person drags, the library reckons from the last bar it has: only the other end may move.
      if (this.#dragging) this.#hold({ from: Math.min(from, wanted.from), to })
      else this.#hold(wanted)
    })
  }

  /** Puts other bars on the canvas; what is in sight stays there, unless the caller goes elsewhere anyway. */
  #hold(span: Span, stay = true): void {
    const moved = this.#bars.span.from - span.from
    if (moved === 0 && span.to === this.#bars.span.to) return
    const keep = stay && span.to !== this.#bars.span.to
    const range = keep ? this.#chart.timeScale().getVisibleLogicalRange() : null
    this.#bars.span = { ...span }
    this.#setData()
    if (!range) return // the library keeps what is in sight by its distance from the last bar
    const [from, to] = [range.from + moved, range.to + moved]
    this.#chart.timeScale().setVisibleLogicalRange({ from, to })
  }

  #pointed(x: number, y: number, object: string): Pointed | undefined {
    const flag = this.#flagAt(y)
    const found = { gap: this.#gaps.at(x), band: this.#bands.at(x, y), mark: this.#marked.get(object), flag }
    return found.gap || found.band || found.mark || flag ? { x, y, ...found } : undefined
  }

  /** The flag of the crossed candle, when this height is near it. */
  #flagAt(y: number): Flag | undefined {
    const bar = this.#cross.at === undefined ? undefined : this.#bars.all[this.#bars.placeOf(this.#cross.at)]
    const flag = bar && flagOf(bar)
    if (!bar || !flag) return undefined
    const [top, bottom] = [bar.high, bar.low].map((price) => this.#toY(price) ?? NaN)
    return y > (top ?? NaN) - NEAR_CANDLE && y < (bottom ?? NaN) + NEAR_CANDLE ? flag : undefined
  }

  #setData(): void {
    this.#bars.held = this.#bars.all.slice(this.#bars.span.from, this.#bars.span.to)
    if (this.#look.smoothed) this.#heikin.fill(this.#bars.all, 0)
    this.#main.setData(this.#bars.held.map((bar, i) => this.#toMain(bar, this.#bars.span.from + i)))
    this.#volume.setData(this.#bars.held.map((bar) => this.#toVolume(bar)))
    this.#showLast()
    this.#studies.draw(this.#bars.all, this.#bars.span)
    this.#flags.clear()
    for (const bar of this.#bars.held) {
      const flag = wornFlag(bar, this.#look.kind)
      if (flag) this.#flags.set(bar.time, flag)
    }
    this.#mark()
  }

  /** The last price stands at the axis whatever is in sight. */
  #showLast(): void {
    const bar = this.#bars.all.at(-1)
    const { kind, factor } = this.#look
    const { up, down, line, background } = this.#theme
    const color = kind !== 'candles' ? line : bar && bar.close < bar.open ? down : up
    this.#last.set(bar && { price: bar.close * factor, color, textColor: background })
  }

  /** Marks what is to be known of the candles on the canvas, and what happened in them. */
  #mark(): void {
    const markers = [...this.#flags].map(([time, flag]) => flagMarker(time, flag, this.#theme))
    this.#marked.clear()
    for (const mark of this.#happened) {
      if (!this.#bars.isHeld(mark.time)) continue
      const id = `${mark.time} ${mark.kind} ${mark.side ?? ''}`
      this.#marked.set(id, mark)
      markers.push(toMarker(id, mark, this.#theme))
    }
    this.#marks.setMarkers(markers.sort((a, b) => Number(a.time) - Number(b.time)))
    this.#own?.mark(this.#theme)
  }

  #paint(): void {
    const { volume, kind, watermark } = this.#look
    const theme = this.#theme
    this.#watermark.set(watermark ? [watermark] : [], theme)
    this.#chart.applyOptions(lookOptions(this.#look, theme))
    this.#main.applyOptions(mainOptions(kind, theme))
    this.#volume.applyOptions({ visible: volume })
    this.#chart.priceScale('right').applyOptions({ scaleMargins: { top: 0.12, bottom: volume ? 0.24 : 0.08 } })
  }
}
