import { breakSraCalls } from '#test/support/sra-faults.ts';
import { SRA_CHECKOUT } from '#test/support/sra-scenarios.ts';

breakSraCalls(SRA_CHECKOUT);
