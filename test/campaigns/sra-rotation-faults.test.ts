import { breakSraCalls } from '#test/support/sra-faults.ts';
import { SRA_ROTATION } from '#test/support/sra-scenarios.ts';

breakSraCalls(SRA_ROTATION, 11);
