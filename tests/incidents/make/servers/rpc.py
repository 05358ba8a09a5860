#!/usr/bin/env python3
"""rpc.py BEGIN ADDRESS PORT PLAN: a gRPC server (grpcio); PLAN is JSON: {method: {ms: [low, high], faults: [{since, until, do, ms, code}]}},
and options: [[name, value]...].
"""

import concurrent.futures, json, random, sys, time
import grpc

BEGIN, PLAN = float(sys.argv[1]), json.loads(sys.argv[4])


class Any(grpc.GenericRpcHandler):
    def service(self, details):
        plan = PLAN.get(details.method.rsplit('/', 1)[1])
        return plan and grpc.unary_unary_rpc_method_handler(lambda q, c: self.answer(plan, c))

    @staticmethod
    def answer(plan, context):
        time.sleep(random.uniform(*plan['ms']) / 1e3)
        for f in plan.get('faults', []):
            if f['since'] <= time.time() - BEGIN < f['until'] and random.random() < f.get('share', 1):
                time.sleep(random.uniform(*f.get('ms', (0, 0))) / 1e3)
                if 'code' in f:
                    context.abort(getattr(grpc.StatusCode, f['code']), f.get('words', 'store is away'))
        return b'{"accepted":true,"lane":7}' * random.randint(5, 30)


server = grpc.server(
    concurrent.futures.ThreadPoolExecutor(32), handlers=[Any()], options=[tuple(o) for o in PLAN.get('options', [])]
)
server.add_insecure_port(f'{sys.argv[2]}:{sys.argv[3]}')
server.start()
print('ready', flush=True)
server.wait_for_termination()
