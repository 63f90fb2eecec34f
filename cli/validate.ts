import { examineFile, type PlacedProblem } from '#shared/config/load.ts';
import { showText } from '#shared/domain/text.ts';
import type { Output } from './output.ts';

export interface ValidateOptions {
  readonly json: boolean;
}

/** `pam-relay validate`: prints all problems or warnings of a file. Returns the exit code: 1 if there are problems. */
export const validate = (file: string, { json }: ValidateOptions, { out, paint }: Output): number => {
  const { problems, warnings } = examineFile(file);
  const shown = showText(file);
  const code = problems.length === 0 ? 0 : 1;
  if (json) {
    out(JSON.stringify({ file, valid: code === 0, problems, warnings }, null, 2));
    return code;
  }
  const show = (tone: 'bad' | 'waiting', word: string, { line, column, field, message }: PlacedProblem): void =>
    out(`${shown}:${line}:${column} ${paint(tone, word)} ${paint('strong', field)}: ${message}`);
  for (const problem of problems) show('bad', 'problem', problem);
  for (const warning of warnings) show('waiting', 'warning', warning);
  out(
    code === 0
      ? `${shown} ${paint('good', 'is valid')}, with ${counted(warnings, 'warning')}.`
      : `${shown} ${paint('bad', 'is not valid')}: ${counted(problems, 'problem')}.`,
  );
  return code;
};

const counted = ({ length }: readonly unknown[], word: string): string =>
  `${length === 0 ? 'no' : length} ${length === 1 ? word : `${word}s`}`;
