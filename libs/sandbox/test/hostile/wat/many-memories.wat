;; Spreads over several memories what one may not have.
;; expect: run memory_limit
(module
  (memory (export "memory") 1)
  (memory $b 1)
  (memory $c 1)
  (func (export "_start")
    (loop $again (br_if $again (i32.and (i32.ne (memory.grow $b (i32.const 10)) (i32.const -1)) (i32.ne (memory.grow $c (i32.const 10)) (i32.const -1))))) unreachable))
