;; Throws and catches for ever.
;; expect: run instruction_limit
;; limits: {"instructionsMax": 1000000}
(module
  (memory (export "memory") 1)
  (tag $again)
  (func (export "_start")
    (loop $top (block $caught (try_table (catch $again $caught) (throw $again))) (br $top))))
