import { definitionIn } from '#infra/definition.ts';
import { aConfig } from '#test/support/configs.ts';
import { synthesise } from '../../infra/synthesis.ts';

const SECONDS = /"(IntervalSeconds|MaxDelaySeconds)":\d+/g;
const WHOLE_PERCENT = /("ToleratedFailurePercentage":\d+)(?=[,}])/g;

const TASK_TIMEOUT = /"TimeoutSeconds":(?!86400)\d+/g;

/**
 * The synthesised sync workflow as deployed, with two differences: retries wait for one second, because the interpreter
 * waits in real time; and the percentage has a decimal point, which the interpreter requires.
 */
export const syncDefinition = (): string =>
  JSON.stringify(definitionIn(synthesise(aConfig()).template.toJSON()))
    .replace(SECONDS, '"$1":1')
    .replace(WHOLE_PERCENT, '$1.0');

/** The same with task timeouts that are short enough for a test. */
export const impatientDefinition = (taskSeconds: number): string =>
  syncDefinition().replace(TASK_TIMEOUT, `"TimeoutSeconds":${taskSeconds}`);
