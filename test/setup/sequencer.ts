import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The projects, by the duration of their files. */
const LONGEST_FIRST = ['workflow', 'contract', 'infra', 'unit'];

/** Runs short files last, so that no core waits for a long file on another. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification): number => LONGEST_FIRST.indexOf(project.name);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
