;; Copes with a refused growth by shrinking its wish, then traps for another reason.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (memory.grow (i32.const 1)))
    unreachable))
