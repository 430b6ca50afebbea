import { castGrpcError } from 'etcd3';
import { describe, expect, it } from 'vitest';
import {
  etcdsWords,
  isConnectionFailure,
  isDeadline,
  isIdentityWanted,
  isLeaderless,
  isNotLeader,
  isPasswordWrong,
  isUserNameWanted,
  orRefusal,
} from '../../src/etcd/grpc-error.ts';

/** What etcd3 throws for a status, as it comes out of grpc-js. */
function thrown(code: number, name: string, details: string): Error {
  return castGrpcError(Object.assign(new Error(`${code} ${name}: ${details}`), { code, details }));
}

describe('grpc-error', () => {
  it.each([
    ['the client at its deadline', thrown(4, 'DEADLINE_EXCEEDED', 'Deadline exceeded after 2.001s,LB pick: 0.001s'), isDeadline],
    ['etcd at the deadline of the caller', thrown(2, 'UNKNOWN', 'context deadline exceeded'), isDeadline],
    [
      'no connection',
      thrown(14, 'UNAVAILABLE', 'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1'),
      isConnectionFailure,
    ],
    ['a member that knows no leader', thrown(14, 'UNAVAILABLE', 'etcdserver: no leader'), isLeaderless],
    [
      'a proposal without a majority',
      thrown(14, 'UNAVAILABLE', 'etcdserver: request timed out, possibly due to connection lost'),
      isLeaderless,
    ],
    ['a call of nobody', thrown(3, 'INVALID_ARGUMENT', 'etcdserver: user name is empty'), isUserNameWanted],
    ['a call of nobody', thrown(3, 'INVALID_ARGUMENT', 'etcdserver: user name is empty'), isIdentityWanted],
    ['a CN that is no user', thrown(2, 'UNKNOWN', 'auth: user not found'), isIdentityWanted],
    ['a user without the right', thrown(7, 'PERMISSION_DENIED', 'etcdserver: permission denied'), isIdentityWanted],
    ['a forgotten token', thrown(16, 'UNAUTHENTICATED', 'etcdserver: the token is not known'), isIdentityWanted],
    ['a wrong password', thrown(3, 'INVALID_ARGUMENT', 'etcdserver: authentication failed, invalid user ID or password'), isPasswordWrong],
  ])('recognises %s', (_what, error, recognise) => {
    const others = [isDeadline, isConnectionFailure, isLeaderless, isPasswordWrong].filter((other) => other !== recognise);

    expect(recognise(error)).toBe(true);
    expect(others.filter((other) => other(error))).toEqual([]);
  });

  it('leaves out the number of gRPC', () => {
    expect(etcdsWords(thrown(11, 'OUT_OF_RANGE', 'etcdserver: mvcc: required revision is a future revision'))).toBe(
      'etcdserver: mvcc: required revision is a future revision',
    );
  });

  it.each([
    ['etcdserver: unhealthy cluster', 'unhealthy'],
    ['etcdserver: re-configuration failed due to not enough started members', 'not-enough-started'],
    ['etcdserver: too many learner members in cluster', 'too-many-learners'],
    ['etcdserver: can only promote a learner member which is in sync with leader', 'not-in-sync'],
    ['etcdserver: can only promote a learner member', 'not-a-learner'],
    ['etcdserver: member not found', 'no-such-member'],
    ['etcdserver: Peer URLs already exists', 'peer-url-taken'],
    ['etcdserver: mvcc: required revision has been compacted', 'compacted'],
    ['etcdserver: mvcc: required revision is a future revision', 'future-revision'],
    ['etcdserver: bad leader transferee', 'bad-transferee'],
    ['etcdserver: request timed out, leader transfer took too long', 'transfer-too-slow'],
  ])('takes %s for an answer', async (message, refused) => {
    const error = thrown(9, 'FAILED_PRECONDITION', message);

    expect(await orRefusal(Promise.reject(error))).toEqual({ refused });
  });

  it('throws what it does not know, and gives what was done', async () => {
    const error = thrown(9, 'FAILED_PRECONDITION', 'etcdserver: something new');

    await expect(orRefusal(Promise.reject(error))).rejects.toBe(error);
    expect(await orRefusal(Promise.resolve(7))).toEqual({ done: 7 });
  });

  it('sees that the member asked does not lead', () => {
    expect(isNotLeader(thrown(9, 'FAILED_PRECONDITION', 'etcdserver: not leader'))).toBe(true);
  });
});

it('gives what etcd said as it may stand in a sentence: cut, of one line, without what misleads', () => {
  const said = etcdsWords(new Error(`13 INTERNAL: etcdserver: a\u202Eb\u001B[2J${'x'.repeat(100_000)}\nsecond`));

  expect(said).toMatch(/^etcdserver: a b x+…$/);
  expect(said).toHaveLength(600);
});
