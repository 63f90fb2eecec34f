import { styleText } from 'node:util';
import { showText } from '#shared/domain/text.ts';

/** Meaning of a text, which determines its colour. */
export type Tone = 'good' | 'waiting' | 'bad' | 'quiet' | 'strong';

/** The two streams of the command, and its environment. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Colours a text if the stream shows colours. */
  readonly paint: (tone: Tone, text: string) => string;
  /** Width for help texts. */
  readonly columns: number;
  readonly environment: NodeJS.ProcessEnv;
}

const COLOURS = { good: 'green', waiting: 'yellow', bad: 'red', quiet: 'gray', strong: 'bold' } as const;

/** Colours texts for a stream. Node omits colours if it is no terminal, and honours NO_COLOR and FORCE_COLOR. */
export const createPaint =
  (stream: NodeJS.WritableStream): Output['paint'] =>
  (tone, text) =>
    styleText(COLOURS[tone], text, { stream });

/** The terminal of this process. */
export const terminal: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  paint: createPaint(process.stdout),
  columns: process.stdout.columns ?? 80,
  environment: process.env,
};

/** Formats rows as columns, separated by two spaces. The last column is not padded. Escapes texts from outside. */
export const inColumns = (rows: readonly (readonly string[])[]): string[] => {
  const shown = rows.map((row) => row.map(showText));
  const widths = (shown[0] ?? []).map((_, column) =>
    shown.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return shown.map((row) =>
    row
      .map((text, column) => (column === row.length - 1 ? text : text.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
};
