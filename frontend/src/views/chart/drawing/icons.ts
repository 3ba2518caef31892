import type { Tool } from '../../../market/drawing/drawing'

/** Pictures of the tools, on a field of 16 by 16. */
export const TOOL_ICONS: Record<Tool | 'magnet', string> = {
  ruler: 'M2 11.5 11.5 2 14 4.5 4.5 14zM5 8.5l1.5 1.5M7.5 6 9 7.5M10 3.5 11.5 5',
  level: 'M1.5 8h13M8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6Z',
  trend: 'M4 12 12 4M3 11.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM13 1.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Z',
  ray: 'M4 12 14.5 1.5M3 11.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3ZM14.5 5.5v-4h-4',
  fib: 'M2 3h12M2 6.5h12M2 9.5h12M2 13h12',
  text: 'M3 4.5V3h10v1.5M8 3v10M6 13h4',
  magnet: 'M3 3h3v5a2 2 0 0 0 4 0V3h3v5a5 5 0 0 1-10 0zM3 5.5h3M10 5.5h3',
}
