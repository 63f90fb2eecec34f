import type * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Priority } from '#shared/limits/limit-records.ts';
import type { Grant } from '#shared/workflows/grants.ts';

/** Lambda's limit of 15 minutes (Lambda developer guide, "Lambda quotas") plus a minute for clock differences. */
export const MAX_INVOCATION_MS = 16 * 60_000;

/** Maximum pause before a step that found no capacity is repeated. */
export const MAX_LIMIT_PAUSE_MS = 60_000;

/** Declaration of one function: input, output, permissions and resources. Its deployment is derived from it. */
export interface Step<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  /**
   * Folder under `functions/`, such as `sync/plan`. With a hyphen for the slash it is the end of the function's name.
   */
  readonly folder: string;
  readonly input: Input;
  readonly output: Output;
  /** Timeout; at most 900 in Lambda. */
  readonly seconds: number;
  /** Memory is also CPU: below 512 MB a cold start takes seconds. */
  readonly memoryMb: number;
  /** Order in which its functions get a share of a connection's limits and of a store's pace. Default: `fleet`. */
  readonly priority?: Priority;
  grants(config: RelayConfig): readonly Grant[];
}

/** Part of a function's name that follows the stack's name and a hyphen. */
export const functionName = ({ folder }: Pick<Step, 'folder'>): string => folder.replaceAll('/', '-');

/** Functions of one workflow. They are deployed only if `isUsed` is true for the configuration. */
export interface WorkflowSteps {
  readonly steps: readonly Step[];
  isUsed(config: RelayConfig): boolean;
}
