const DAY_SECONDS = 86_400;

/** Span of a report in milliseconds, both ends included. */
export interface ReportWindow {
  /** True if the span is about the ends of sessions, so that those that run are left out. */
  readonly ofEnds: boolean;
  readonly from: number;
  readonly to: number;
}

const ANCHORS = ['start_date', 'start_time', 'end_date', 'end_time'] as const;

const secondsOf = (anchor: (typeof ANCHORS)[number], value: string): number => {
  if (anchor.endsWith('_time')) return /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) / 1000 : Number.NaN;
};

/** Parses exactly one anchor and a duration, in days for dates and in seconds for times. 0 lasts until now. */
export const readWindow = (parameters: URLSearchParams, now: number): ReportWindow | string => {
  const anchors = ANCHORS.filter((name) => parameters.has(name));
  const [anchor] = anchors;
  if (anchor === undefined || anchors.length > 1) return `Exactly one of ${ANCHORS.join(', ')} is required.`;
  const from = secondsOf(anchor, parameters.get(anchor) ?? '');
  if (Number.isNaN(from)) return `The value of ${anchor} is invalid.`;
  const duration = parameters.get('duration') ?? '';
  if (!/^\d{1,10}$/.test(duration)) return 'The duration is missing or invalid.';
  const seconds = Number(duration) * (anchor.endsWith('_date') ? DAY_SECONDS : 1);
  const to = seconds === 0 ? now : (from + seconds) * 1000;
  return { ofEnds: anchor.startsWith('end_'), from: from * 1000, to };
};
