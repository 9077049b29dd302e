;; Tables are memory too.
;; expect: run memory_limit
;; limits: {"instructionsMax": 1000000000}
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func (export "_start")
    (loop $again (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1)))) unreachable))
