"""Reading network tables: column names, layouts, rows, published ratios and the table's own judgements."""
