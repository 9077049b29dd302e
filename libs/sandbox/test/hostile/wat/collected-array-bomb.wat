;; Arrays in V8's own heap, each of them large.
;; expect: run memory_limit|instruction_limit|trap
;; limits: {"instructionsMax": 10000000000, "deadlineMs": 20000}
(module
  (type $bytes (array (mut i8)))
  (type $list (array (mut (ref null $bytes))))
  (memory (export "memory") 1)
  (global $all (ref $list) (array.new_default $list (i32.const 100000)))
  (global $n (mut i32) (i32.const 0))
  (func (export "_start")
    (loop $again (array.set $list (global.get $all) (global.get $n) (array.new_default $bytes (i32.const 10000000))) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br $again))))
