"""The SQL that reads the purchase data straight from the package's Parquet files."""

from __future__ import annotations

HOUSEHOLDS = """
    SELECT DISTINCT t.household_id, d.household_id IS NOT NULL AS known
    FROM read_parquet($transactions) t LEFT JOIN read_parquet($demographics) d USING (household_id)
    ORDER BY known DESC, t.household_id
"""

DEMOGRAPHICS = """
    SELECT household_id, age, income, home_ownership, marital_status, household_size, kids_count
    FROM read_parquet($demographics)
"""

STORES = "SELECT DISTINCT store_id FROM read_parquet($transactions) ORDER BY store_id"

DEPARTMENTS = """
    SELECT DISTINCT coalesce(p.department, '')
    FROM read_parquet($transactions) t LEFT JOIN read_parquet($products) p USING (product_id)
    ORDER BY 1
"""

LINES_OF = """
    SELECT t.household_id, t.basket_id, t.store_id,
        strftime(t.transaction_timestamp, '%Y-%m-%dT%H:%M:%SZ'),
        coalesce(p.department, ''), t.quantity, CAST(round(t.sales_value * 100) AS BIGINT),
        coalesce(p.product_type, p.product_category)
    FROM read_parquet($transactions) t LEFT JOIN read_parquet($products) p USING (product_id)
    WHERE t.household_id IN (SELECT unnest($households))
    ORDER BY list_position($households, t.household_id), t.basket_id, t.product_id
"""

COUNTS = """
    SELECT count(DISTINCT household_id), count(DISTINCT basket_id), count(*)
    FROM read_parquet($transactions) WHERE household_id IN (SELECT unnest($households))
"""
