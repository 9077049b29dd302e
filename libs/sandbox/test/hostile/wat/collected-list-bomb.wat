;; A list in V8's own heap that only grows.
;; expect: run memory_limit|instruction_limit
;; limits: {"instructionsMax": 10000000000, "deadlineMs": 20000}
(module
  (type $node (struct (field (mut (ref null $node))) (field i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
  (memory (export "memory") 1)
  (global $last (mut (ref null $node)) (ref.null $node))
  (global $head (mut (ref null $node)) (ref.null $node))
  (func (export "_start")
    (loop $again (global.set $last (global.get $head)) (global.set $head (struct.new_default $node)) (struct.set $node 0 (global.get $head) (global.get $last)) (br $again))))
