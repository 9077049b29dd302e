;; Hopes that the end of its instructions is an exception it can catch.
;; expect: run instruction_limit
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $top (block $caught (try_table (catch_all $caught) (loop $spin (br $spin)))) (br $top))))
