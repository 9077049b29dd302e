;; Grows until it is refused, then gives up.
;; expect: run memory_limit
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 10)) (i32.const -1)))) unreachable))
