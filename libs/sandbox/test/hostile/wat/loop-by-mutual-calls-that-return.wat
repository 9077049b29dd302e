;; Two functions that call each other in turn, for ever, without ever nesting deep.
;; expect: run instruction_limit
(module
  (memory (export "memory") 1)
  (func $even (param $left i32) (if (local.get $left) (then (call $odd (i32.sub (local.get $left) (i32.const 1))))))
  (func $odd (param $left i32) (if (local.get $left) (then (call $even (i32.sub (local.get $left) (i32.const 1))))))
  (func (export "_start")
    (loop $again (call $even (i32.const 100)) (br $again))))
