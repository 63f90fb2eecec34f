import { interpretReport, REPORT_REFUSED } from '#shared/connections/sra/errors.ts';
import { readXml, type XmlElement } from '#shared/connections/sra/reports/xml.ts';
import type { Session } from '#shared/connections/sra/session.ts';
import { REPORTING } from '#shared/connections/sra/wire.ts';
import { RelayError } from '#shared/errors.ts';
import { malformed, type Reader } from '#shared/http/answer.ts';
import type { Query } from '#shared/http/request.ts';

/**
 * Reports of the site, in XML. An error has the status 200, and so has the absence of rows, which is an error as well
 * (reference: sra-and-secretsafe-api.md, A4).
 */

/** The site builds a report during the call, which can take minutes. */
const REPORT_TIMEOUT_SECONDS = 150;
const MAX_BYTES = 16 * 1024 * 1024;

export interface ReportQuery<Row> {
  /** Value of `generate_report`. */
  readonly name: string;
  readonly query: Query;
  /** Name of the root. */
  readonly list: string;
  /** Name of a row. */
  readonly row: string;
  /** Returns the row; undefined if it has an unknown shape. */
  readonly read: (row: XmlElement) => Row | undefined;
}

type Message = 'empty' | 'refused' | 'error';

/** Meaning of the text of an error. Pure. */
export const meaningOf = (text: string): Message => {
  if (/document\s+(was\s+)?not\s+found|permission|not\s+(allowed|permitted|authorized)/i.test(text)) return 'refused';
  return /^\s*no\s[^.]*\smatching\s[^.]*\bcriteria\b[^.]*\.?\s*$/i.test(text) ? 'empty' : 'error';
};

const readerOf =
  <Row>({ list, row: rowName, read }: ReportQuery<Row>): Reader<readonly Row[]> =>
  (answer, call) => {
    const rows: Row[] = [];
    let message: string | undefined;
    let misfits = 0;
    const onRow = (element: XmlElement): void => {
      if (element.name === 'error') message ??= element.text;
      if (element.name !== rowName) return;
      const row = read(element);
      if (row === undefined) misfits += 1;
      else rows.push(row);
    };
    const root = ((): XmlElement => {
      try {
        return readXml(answer.text, onRow);
      } catch {
        // The parser's own message quotes the text, so it is not kept as the cause.
        throw malformed(call, 'is not the XML of a report');
      }
    })();
    if (root.name === 'error') message = root.text;
    else if (root.name !== list) throw malformed(call, 'is another document than the report');
    if (message !== undefined) {
      const meaning = meaningOf(message);
      if (meaning === 'empty' && rows.length === 0) return rows;
      const [name, advice] = REPORT_REFUSED;
      if (meaning === 'refused') throw new RelayError(name, `${call.connection}: ${call.name} was refused. ${advice}`);
      throw new RelayError(
        'RequestRejected',
        `${call.connection}: ${call.name} was answered with an error of the site, whose log has the cause. The next run asks again.`,
      );
    }
    if (misfits > 0) throw malformed(call, `has ${misfits} rows of an unknown shape`);
    return rows;
  };

/**
 * Reads a report. Empty if nothing matches. Raises `PermissionMissing` if the API account may not read it,
 * `AnswerTooLarge` for one of more than 16 MiB, and an error for anything that is not wholly known. Repeatable.
 */
export const readReport = async <Row>(session: Session, report: ReportQuery<Row>): Promise<readonly Row[]> => {
  const { value } = await session.send({
    method: 'GET',
    path: REPORTING,
    query: { generate_report: report.name, ...report.query },
    idempotent: true,
    interpret: interpretReport,
    read: readerOf(report),
    maxBytes: MAX_BYTES,
    timeoutSeconds: REPORT_TIMEOUT_SECONDS,
  });
  return value;
};
