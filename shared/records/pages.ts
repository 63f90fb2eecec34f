import type { Run } from '#shared/workflows/run.ts';

type RunPlace = Pick<Run, 'rule' | 'run'>;

/** Keys of the HTML reports, each beside its record. */
export const pageAt = {
  sync: ({ rule, run }: RunPlace): string => `runs/${rule}/${run}/report.html`,
  rotation: ({ rule, run }: RunPlace): string => `rotations/${rule}/${run}/report.html`,
  checkout: ({ rule, run }: RunPlace): string => `checkouts/${rule}/${run}/report.html`,
} as const;

/** HTML pages in the records bucket. Raises `StoreDenied` or `StoreUnavailable`. Repeatable. */
export interface Pages {
  /** Writes a self-contained HTML page. */
  write(key: string, html: string): Promise<void>;
}
