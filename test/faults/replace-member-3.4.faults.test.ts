/** A member that lost its data is replaced on etcd 3.4, through Slack, however it is configured. */
import { describeReplacement } from '../e2e/replacement-suite.ts';

describeReplacement('3.4');
